"""What a self-check may find, as data: how bad it is, what it is called, what helps. Floor 4."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal, TypeAlias

__all__ = ["CHECKS", "REASONS", "CheckName", "Reason"]

CheckName: TypeAlias = Literal[
    "storage", "space", "clock", "keys", "journal", "sign_in", "host", "device",
    "version", "profile", "update", "batch", "doubts", "host_asks", "shutdown", "faults",
]  # fmt: skip

CHECKS: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "storage": ("存储", "storage"),
        "space": ("剩余空间", "free space"),
        "clock": ("时钟", "clock"),
        "keys": ("密钥", "keys"),
        "journal": ("流水", "journal"),
        "sign_in": ("签到", "sign-in"),
        "host": ("主机通讯", "host"),
        "device": ("外设", "device"),
        "version": ("软件版本", "versions"),
        "profile": ("参数版本", "profile"),
        "update": ("更新提示", "update"),
        "batch": ("批次", "batch"),
        "doubts": ("未明交易", "doubts"),
        "host_asks": ("主机要求", "what the host asks for"),
        "shutdown": ("上次关机", "last shutdown"),
        "faults": ("故障记录", "fault log"),
    }
)
"""Every check in the order of a report, in zh and en."""


@dataclass(frozen=True, slots=True)
class Reason:
    """Why a check is not good.

    Attributes:
        verdict: What follows, unless a policy says otherwise.
        zh: What is the matter.
        en: The same.
        remedy_zh: What helps.
        remedy_en: The same.
        heals: Whether the next good check closes the fault; if not, a person does.
    """

    verdict: Literal["warn", "block"]
    zh: str
    en: str
    remedy_zh: str
    remedy_en: str
    heals: bool = True


_LINE_ZH = "检查网线、SIM 卡或无线网络；仍不通请联系收单机构"
_LINE_EN = "look at cable, SIM or wireless network; if that is right, call the acquirer"

REASONS: Mapping[str, Reason] = MappingProxyType(
    {
        "storage.failed": Reason(
            "block", "存储不能写入", "what is written does not last",
            "停止收银，检查磁盘及权限；修复后由人关闭故障", "stop selling, look at disk and permissions; then a person closes the fault",
            heals=False,
        ),
        "storage.slow": Reason(
            "warn", "存储写入缓慢", "writing takes long",
            "磁盘可能将坏或过忙：备份流水，尽快检查", "the disk may be failing or too busy: back the journal up and have it looked at",
        ),
        "space.low": Reason(
            "warn", "磁盘空间不足", "little space is left",
            "清理磁盘，不要删除流水文件", "make room; never delete the journal",
        ),
        "space.full": Reason(
            "block", "磁盘已满", "the disk is full",
            "立即清理磁盘，不要删除流水文件", "make room now; never delete the journal",
        ),
        "clock.insane": Reason(
            "block", "本机日期不对", "the date of this machine is wrong",
            "校准本机日期和时间，再由人关闭故障", "set date and time of this machine; then a person closes the fault",
            heals=False,
        ),
        "clock.backwards": Reason(
            "block", "本机时钟早于最后一条流水", "the clock is before the last row of the journal",
            "校准本机时钟，再由人关闭故障", "set the clock of this machine; then a person closes the fault",
            heals=False,
        ),
        "clock.host_differs": Reason(
            "warn", "签到时主机时钟与本机相差过大", "at the last sign-in the host's clock was far from ours",
            "校准本机时钟后重新签到", "set the clock of this machine, then sign in again",
        ),
        "keys.missing": Reason(
            "block", "没有工作密钥", "there are no working keys",
            "请签到；仍没有请检查主密钥", "sign in; if there are none then, have the master key looked at",
        ),
        "keys.differ": Reason(
            "block", "工作密钥与上次签到不符（KCV 不同）", "the working keys are not those of the last sign-in (check values differ)",
            "请重新签到；再次出现请联系收单机构，并由人关闭故障", "sign in again; if it comes back, call the acquirer; a person closes the fault",
            heals=False,
        ),
        "keys.unreadable": Reason(
            "block", "密钥库不能打开", "the key store cannot be read",
            "检查密钥文件与主密钥；由人关闭故障", "have key file and master key looked at; a person closes the fault",
            heals=False,
        ),
        "journal.behind": Reason(
            "block", "本机流水不完整（曾被还原或更换）", "the journal lost rows (it was restored or replaced)",
            "读完结算文件后由两人确认（posrefund journal accept）", "read every settlement file, then two people accept it (posrefund journal accept)",
        ),
        "sign_in.never": Reason(
            "block", "尚未签到", "never signed in", "请签到", "sign in",
        ),
        "sign_in.signed_off": Reason(
            "block", "已签退", "signed off", "请签到", "sign in",
        ),
        "sign_in.old": Reason(
            "warn", "签到时间过久", "the last sign-in is long ago", "请重新签到", "sign in again",
        ),
        "host.refused": Reason(
            "block", "主机拒绝连接（端口未开放）", "the host's address refuses the connection: nothing listens there",
            "核对主机地址和端口；主机可能停机，请联系收单机构", "compare address and port; the host may be down, call the acquirer",
        ),
        "host.unreachable": Reason(
            "block", "网络不通，不能到达主机", "there is no way to the host", _LINE_ZH, _LINE_EN,
        ),
        "host.black_hole": Reason(
            "block", "主机无响应（超时）", "the host's address swallows what is sent: no answer in time",
            "检查防火墙和网络；仍无响应请联系收单机构", "look at firewall and network; if they are right, call the acquirer",
        ),
        "host.hung_up": Reason(
            "block", "主机未应答即挂断", "the host hangs up without an answer",
            "核对 TPDU、报文头和终端编号；请联系收单机构", "compare TPDU, header and terminal number; call the acquirer",
        ),
        "host.said_no": Reason(
            "block", "主机拒绝测试报文", "the host refuses the test message",
            "请重新签到；仍拒绝请联系收单机构", "sign in again; if it still refuses, call the acquirer",
        ),
        "host.garbled": Reason(
            "block", "主机应答不能识别", "what the host answers cannot be read",
            "核对主机地址和报文格式；请联系收单机构", "compare address and dialect; call the acquirer",
        ),
        "host.slow": Reason(
            "warn", "主机应答缓慢", "the host answers slowly", _LINE_ZH, _LINE_EN,
        ),
        "device.failed": Reason(
            "block", "外设无应答", "the device does not answer",
            "检查电源和连接线，重启外设", "look at power and cable; switch the device off and on",
        ),
        "version.out_of_range": Reason(
            "warn", "软件版本不在要求范围内", "a version is out of the range that is required",
            "请更新软件", "update the software",
        ),
        "version.unknown": Reason(
            "warn", "软件版本未知", "a version that is required is not known",
            "请核对所报告的版本", "see what reports that version",
        ),
        "profile.differs": Reason(
            "warn", "参数与要求不符", "the profile is not one of those that are required",
            "请装载收单机构的现行参数", "load the acquirer's present profile",
        ),
        "update.wanted": Reason(
            "warn", "有须安装的更新", "an update is asked for",
            "停业后更新软件", "update the software after business hours",
        ),
        "batch.closing": Reason(
            "block", "结算进行中", "the batch is being closed", "请先完成结算", "finish closing it",
        ),
        "doubts.open": Reason(
            "warn", "有结果未知的交易", "transactions are in doubt",
            "等待或查询结果，读取结算文件；勿换号重做", "wait for them or read the settlement file; never make them again under another number",
        ),
        "host_asks.sign_in": Reason(
            "warn", "主机要求重新签到", "the host asks for a new sign-in",
            "请签到；否则下一笔交易前自动签到", "sign in; or the terminal does, before its next transaction",
        ),
        "host_asks.software": Reason(
            "warn", "主机要求更新软件", "the host asks for a software update",
            "由软件供应商更新，然后登记（posrefund host-requests）", "have the software's supplier update it, then say so (posrefund host-requests)",
        ),
        "host_asks.ca_keys": Reason(
            "warn", "主机要求更新 IC 卡公钥", "the host asks for new CA public keys",
            "由收单机构或供应商给密码键盘下载公钥，然后登记（posrefund host-requests）", "have acquirer or supplier load them into the PIN pad, then say so (posrefund host-requests)",
        ),
        "host_asks.chip_parameters": Reason(
            "warn", "主机要求更新 IC 卡参数", "the host asks for new chip card parameters",
            "由收单机构或供应商给密码键盘下载参数，然后登记（posrefund host-requests）", "have acquirer or supplier load them into the PIN pad, then say so (posrefund host-requests)",
        ),
        "host_asks.contactless_parameters": Reason(
            "warn", "主机要求更新非接触参数", "the host asks for new contactless parameters",
            "由收单机构或供应商给密码键盘下载参数，然后登记（posrefund host-requests）", "have acquirer or supplier load them into the PIN pad, then say so (posrefund host-requests)",
        ),
        "host_asks.mag_parameters": Reason(
            "warn", "主机要求更新终端参数", "the host asks for new terminal parameters",
            "向收单机构索取参数，改好参数文件后登记（posrefund host-requests）", "get them from the acquirer and change the settings, then say so (posrefund host-requests)",
        ),
        "host_asks.blacklist": Reason(
            "warn", "主机要求更新卡 BIN 黑名单", "the host asks for a new black list of card numbers",
            "由收单机构或供应商下载黑名单，然后登记（posrefund host-requests）", "have acquirer or supplier load it, then say so (posrefund host-requests)",
        ),
        "host_asks.bin_tables": Reason(
            "warn", "主机要求更新免密 BIN 表", "the host asks for new tables of card numbers without PIN",
            "由收单机构或供应商下载，然后登记（posrefund host-requests）", "have acquirer or supplier load them, then say so (posrefund host-requests)",
        ),
        "host_asks.rates": Reason(
            "warn", "主机要求更新汇率或费率表", "the host asks for new rates or fees",
            "由收单机构或供应商下载，然后登记（posrefund host-requests）", "have acquirer or supplier load them, then say so (posrefund host-requests)",
        ),
        "host_asks.status": Reason(
            "warn", "主机要求上送终端状态", "the host asks for the terminal's status",
            "请联系收单机构：本程序不上送状态；然后登记（posrefund host-requests）", "call the acquirer: this program sends none; then say so (posrefund host-requests)",
        ),
        "host_asks.unknown": Reason(
            "warn", "主机有本程序不认识的要求", "the host asks for something that this program does not know",
            "请联系收单机构，然后登记（posrefund host-requests）", "call the acquirer, then say so (posrefund host-requests)",
        ),
        "shutdown.unclean": Reason(
            "warn", "上次未正常关闭", "the last run ended without closing",
            "已自动恢复；查明原因（断电、死机）后由人关闭故障", "it has recovered; find out why (power, crash), then a person closes the fault",
            heals=False,
        ),
        "faults.open": Reason(
            "warn", "有未关闭的故障", "faults are open",
            "处理后关闭（posrefund faults close）", "deal with them, then close them (posrefund faults close)",
        ),
    }
)  # fmt: skip
"""By check and reason."""
