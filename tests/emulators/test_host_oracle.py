"""The plain DES and MAC of the tests, against published values."""

from __future__ import annotations

import pytest

import plain_des


@pytest.mark.parametrize(
    ("key", "clear", "cipher"),
    [
        # NIST CAVS, TECBsubtab.rsp and TECBpermop.rsp (SP 800-17 single-key known answers).
        ("7CA110454A1A6E57", "01A1D6D039776742", "690F5B0D9A26939B"),
        ("07A1133E4A0B2686", "0248D43806F67172", "868EBB51CAB4599A"),
        ("1046913489980131", "0000000000000000", "88D55E54F54C97B4"),
        # NIST CAVS, TECBMMT2.rsp and TECBMMT3.rsp.
        (
            "259DF16E7AF804FE83B90E9BF7C7E557",
            "A4619C433BBD6787C07C81728F9AC9FA",
            "9E06DE155C483C6BCFD834DBC8BD5830",
        ),
        (
            "49E692290D2A5E46BACE79B9648A4C5D491004C262DC9D49",
            "6B1540781B01CE1997ADAE102DBF3C5B",
            "4D0DC182D6E481AC4A3DC6AB6976CCAE",
        ),
    ],
)
def test_plain_des_gives_the_published_block(key: str, clear: str, cipher: str) -> None:
    material, block = bytes.fromhex(key), bytes.fromhex(clear)
    assert plain_des.encrypt(material, block).hex().upper() == cipher
    assert plain_des.decrypt(material, bytes.fromhex(cipher)) == block


@pytest.mark.parametrize(
    ("key", "message", "tag"),
    [
        # github.com/solo123/pgate, pos_mac_test.rb.
        ("2222222222222222", "1234567890ABCDEFABCDEF1234567890", b"E267B6E2"),
        # q.cnblogs.com/q/128930.
        (
            "0723C80DB5F4CD3D0723C80DB5F4CD3D",
            (
                "02003020048000C08015000000000000001234000002030099303030303030303139353237313831"
                "383232313738373531353600192600000100060000000000435F0112323834343132333435363738"
                "3930313233345F03063136303033365F04063230303832365C023031"
            ),
            b"B3A092AE",
        ),
    ],
)
def test_plain_mac_gives_the_published_tag(key: str, message: str, tag: bytes) -> None:
    assert plain_des.unionpay_mac(bytes.fromhex(key), bytes.fromhex(message)) == tag


def test_plain_des_opens_the_published_sign_in() -> None:
    """code456.com/article/3026509: PIK and MAK of a sign-in, and their check values."""
    tmk = bytes.fromhex("CA5D92598DCA48CE8A4C76361A9269E9")
    pik = plain_des.decrypt(tmk, bytes.fromhex("6701EAD6A9AD51E51AA406E2C27FCFA9"))
    mak = plain_des.decrypt(tmk, bytes.fromhex("B651F9E9BACE9AE1"))
    assert pik.hex().upper() == "807A23AD32B36D457AE91FDF927570EA"
    assert mak.hex().upper() == "5BB5C72CD00B7338"
    assert plain_des.encrypt(pik, bytes(8)).hex().upper() == "8D0A74B8C5EF66C6"
    assert plain_des.encrypt(mak, bytes(8)).hex().upper() == "AB7153CA985B10C2"
