BEGIN TRANSACTION;
CREATE TABLE attempts (
    request_id TEXT NOT NULL REFERENCES requests,
    number INTEGER NOT NULL,
    kind TEXT NOT NULL,
    state TEXT NOT NULL,
    hold TEXT NOT NULL,
    terminal TEXT NOT NULL,
    merchant TEXT NOT NULL,
    batch TEXT NOT NULL,
    stan TEXT NOT NULL,
    amount_minor INTEGER NOT NULL,
    currency TEXT NOT NULL,
    fields TEXT NOT NULL,
    key_set_id TEXT NOT NULL,
    created_at TEXT NOT NULL,
    host_day TEXT NOT NULL,
    card_masked TEXT NOT NULL,
    card_fingerprint TEXT NOT NULL,
    original_id TEXT REFERENCES originals,
    copies INTEGER NOT NULL,
    facts TEXT NOT NULL,
    PRIMARY KEY (request_id, number),
    CONSTRAINT stan_used_once UNIQUE (terminal, batch, stan)
) STRICT;
INSERT INTO "attempts" VALUES('R-1',1,'refund','ACCEPTED','accepted','12345678','123456789012345','000001','000001',1000,'156','{"11":"000007","22":"051","23":"001","25":"00","3":"200000","37":"606710000042","38":"654321","4":"000000001000","41":"12345678","42":"123456789012345","49":"156","60":"25000001000600","61":"0000010000030308","63":"CUP","card":"2","t":"0220"}','8D0A74-AB7153','2026-03-09T02:00:00+00:00','2026-03-09','620000******0005','00112233445566778899aabbccddeeff','S-1',1,'{"code":"00","entry":"051","operator":"01","rrn":"606810000123","why":"customer"}');
INSERT INTO "attempts" VALUES('R-2',1,'refund','NOT_SENT','none','12345678','123456789012345','000001','000002',500,'156','{"11":"000007","22":"051","23":"001","25":"00","3":"200000","37":"606710000042","38":"654321","4":"000000001000","41":"12345678","42":"123456789012345","49":"156","60":"25000001000600","61":"0000010000030308","63":"CUP","card":"2","t":"0220"}','8D0A74-AB7153','2026-03-09T02:00:00+00:00','2026-03-09','620000******0005','00112233445566778899aabbccddeeff','S-1',0,'{"entry":"051","operator":"01","why":"customer"}');
INSERT INTO "attempts" VALUES('R-2',2,'refund','IN_DOUBT','reserved','12345678','123456789012345','000001','000003',500,'156','{"11":"000007","22":"051","23":"001","25":"00","3":"200000","37":"606710000042","38":"654321","4":"000000001000","41":"12345678","42":"123456789012345","49":"156","60":"25000001000600","61":"0000010000030308","63":"CUP","card":"2","t":"0220"}','8D0A74-AB7153','2026-03-09T02:00:00+00:00','2026-03-09','620000******0005','00112233445566778899aabbccddeeff','S-1',1,'{"entry":"051","operator":"01","reason":"no_reply","why":"customer"}');
CREATE TABLE chain (
    seq INTEGER PRIMARY KEY,
    at TEXT NOT NULL,
    kind TEXT NOT NULL,
    subject TEXT NOT NULL,
    body TEXT NOT NULL,
    link BLOB NOT NULL CHECK (length(link) = 32)
) STRICT;
INSERT INTO "chain" VALUES(1,'2026-03-09T02:00:00+00:00','signed_in','','{"batch":"000001","key_set_id":"8D0A74-AB7153"}',X'A869FC10F095650422E867DDE4A8117A32C09CE134F10D057D1A6E5A46340BC4');
INSERT INTO "chain" VALUES(2,'2026-03-09T02:00:00+00:00','know','S-1','{"amount_minor":10000,"auth_code":"654321","batch":"000001","card_fingerprint":"00112233445566778899aabbccddeeff","currency":"156","merchant":"123456789012345","organisation":"CUP","original_id":"S-1","rrn":"606710000042","settlement_date":"2026-03-08","stan":"000003","terminal":"12345678","transaction_date":"2026-03-08"}',X'677ED4E5BAFD1938C13267DC1D47A7629873FDEB553537F356F25CD2EA62C99A');
INSERT INTO "chain" VALUES(3,'2026-03-09T02:00:00+00:00','know','S-2','{"amount_minor":500,"auth_code":"654321","batch":"000001","card_fingerprint":"00112233445566778899aabbccddeeff","currency":"156","merchant":"123456789012345","organisation":"CUP","original_id":"S-2","rrn":"606710000042","settlement_date":"2026-03-08","stan":"000181","terminal":"12345678","transaction_date":"2026-03-08"}',X'07B35C89F4C05EE28BECE274BB54102127021AA3EBCCB8CBF77501AB0E3F6772');
INSERT INTO "chain" VALUES(4,'2026-03-09T02:00:00+00:00','open','R-1/1','{"attempt":{"amount_minor":1000,"batch":"000001","card_fingerprint":"00112233445566778899aabbccddeeff","card_masked":"620000******0005","copies":0,"created_at":"2026-03-09T02:00:00+00:00","currency":"156","facts":"{\"entry\":\"051\",\"operator\":\"01\",\"why\":\"customer\"}","fields":"{\"11\":\"000007\",\"22\":\"051\",\"23\":\"001\",\"25\":\"00\",\"3\":\"200000\",\"37\":\"606710000042\",\"38\":\"654321\",\"4\":\"000000001000\",\"41\":\"12345678\",\"42\":\"123456789012345\",\"49\":\"156\",\"60\":\"25000001000600\",\"61\":\"0000010000030308\",\"63\":\"CUP\",\"card\":\"2\",\"t\":\"0220\"}","hold":"reserved","host_day":"2026-03-09","key_set_id":"8D0A74-AB7153","kind":"refund","merchant":"123456789012345","number":1,"original_id":"S-1","request_id":"R-1","stan":"000001","state":"INTENT","terminal":"12345678"},"content":"content of R-1","message_hmac":"560c2a79afff5ef60db22811e36776646c17049ce6f24172da146456b01c01fd"}',X'BA33845FF85296206D508FF38F3BDFD6E3C4784A73E3868EE4E3805D9F1064F0');
INSERT INTO "chain" VALUES(5,'2026-03-09T02:00:00+00:00','move','R-1/1','{"event":"send","facts":{},"state":"SENT"}',X'2A3C7882746A929AD25AAA130446A107448D9E99B9480D557EB5D0A4C6DBF205');
INSERT INTO "chain" VALUES(6,'2026-03-09T02:00:00+00:00','inbound','R-1/1','{"DE39":"00"}',X'4920829D3DECBFB21BD024EC002C260BBD8CE678FB7AE43303B3090C26FC12EA');
INSERT INTO "chain" VALUES(7,'2026-03-09T02:00:00+00:00','move','R-1/1','{"event":"accept","facts":{"code":"00","rrn":"606810000123"},"state":"ACCEPTED"}',X'55E3358889E6CBABEB290F082A93D2CE66EC995EDFAAF44E4FA569D87D62FF0C');
INSERT INTO "chain" VALUES(8,'2026-03-09T02:00:00+00:00','open','R-2/1','{"attempt":{"amount_minor":500,"batch":"000001","card_fingerprint":"00112233445566778899aabbccddeeff","card_masked":"620000******0005","copies":0,"created_at":"2026-03-09T02:00:00+00:00","currency":"156","facts":"{\"entry\":\"051\",\"operator\":\"01\",\"why\":\"customer\"}","fields":"{\"11\":\"000007\",\"22\":\"051\",\"23\":\"001\",\"25\":\"00\",\"3\":\"200000\",\"37\":\"606710000042\",\"38\":\"654321\",\"4\":\"000000001000\",\"41\":\"12345678\",\"42\":\"123456789012345\",\"49\":\"156\",\"60\":\"25000001000600\",\"61\":\"0000010000030308\",\"63\":\"CUP\",\"card\":\"2\",\"t\":\"0220\"}","hold":"reserved","host_day":"2026-03-09","key_set_id":"8D0A74-AB7153","kind":"refund","merchant":"123456789012345","number":1,"original_id":"S-1","request_id":"R-2","stan":"000002","state":"INTENT","terminal":"12345678"},"content":"content of R-2","message_hmac":"560c2a79afff5ef60db22811e36776646c17049ce6f24172da146456b01c01fd"}',X'4A69A0C5719B6B8C10FE722DD0BC577D2E06285E58781031F16ACBE12A996B48');
INSERT INTO "chain" VALUES(9,'2026-03-09T02:00:00+00:00','move','R-2/1','{"event":"fail","facts":{},"state":"NOT_SENT"}',X'1477552CAA3C0FE4FB779C49BACF0CF4117EF20467DF3204DCEB80B5F50ED85D');
INSERT INTO "chain" VALUES(10,'2026-03-09T02:00:00+00:00','open','R-2/2','{"attempt":{"amount_minor":500,"batch":"000001","card_fingerprint":"00112233445566778899aabbccddeeff","card_masked":"620000******0005","copies":0,"created_at":"2026-03-09T02:00:00+00:00","currency":"156","facts":"{\"entry\":\"051\",\"operator\":\"01\",\"why\":\"customer\"}","fields":"{\"11\":\"000007\",\"22\":\"051\",\"23\":\"001\",\"25\":\"00\",\"3\":\"200000\",\"37\":\"606710000042\",\"38\":\"654321\",\"4\":\"000000001000\",\"41\":\"12345678\",\"42\":\"123456789012345\",\"49\":\"156\",\"60\":\"25000001000600\",\"61\":\"0000010000030308\",\"63\":\"CUP\",\"card\":\"2\",\"t\":\"0220\"}","hold":"reserved","host_day":"2026-03-09","key_set_id":"8D0A74-AB7153","kind":"refund","merchant":"123456789012345","number":2,"original_id":"S-1","request_id":"R-2","stan":"000003","state":"INTENT","terminal":"12345678"},"content":"content of R-2","message_hmac":"560c2a79afff5ef60db22811e36776646c17049ce6f24172da146456b01c01fd"}',X'8F43650B9CFB5B9FFF546FE58D27F947B80A7E0D639D30A43EF14AC93C1B9A13');
INSERT INTO "chain" VALUES(11,'2026-03-09T02:00:00+00:00','move','R-2/2','{"event":"send","facts":{"reason":"no_reply"},"state":"SENT"}',X'5EEE14686D6CA9817B964C2A78147FA1458C138A37F93E8400B6FBBD76C4A38B');
INSERT INTO "chain" VALUES(12,'2026-03-09T02:00:00+00:00','move','R-2/2','{"event":"doubt","facts":{"reason":"no_reply"},"state":"IN_DOUBT"}',X'65A554D7E22AF14B8CA704B79E137873C0D758DD65D7B35AA1672CA1F28F2F49');
CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT;
INSERT INTO "meta" VALUES('version','1');
INSERT INTO "meta" VALUES('terminal','12345678');
INSERT INTO "meta" VALUES('key_check','4a3558d25e5825d079780c33bd4887515ede0719a0b93c9fdede31634cc9d78c');
INSERT INTO "meta" VALUES('batch','000001');
INSERT INTO "meta" VALUES('key_set_id','8D0A74-AB7153');
INSERT INTO "meta" VALUES('head','65a554d7e22af14b8ca704b79e137873c0d758dd65d7b35aa1672ca1f28f2f49');
INSERT INTO "meta" VALUES('stan','000003');
CREATE TABLE originals (
    original_id TEXT PRIMARY KEY,
    terminal TEXT NOT NULL,
    merchant TEXT NOT NULL,
    batch TEXT NOT NULL,
    stan TEXT NOT NULL,
    rrn TEXT NOT NULL,
    transaction_date TEXT NOT NULL,
    settlement_date TEXT NOT NULL,
    amount_minor INTEGER NOT NULL CHECK (amount_minor > 0),
    currency TEXT NOT NULL,
    auth_code TEXT,
    card_fingerprint TEXT NOT NULL,
    organisation TEXT,
    reserved_minor INTEGER NOT NULL DEFAULT 0 CHECK (reserved_minor >= 0),
    accepted_minor INTEGER NOT NULL DEFAULT 0 CHECK (accepted_minor >= 0),
    CONSTRAINT one_id_per_sale UNIQUE (terminal, merchant, batch, stan, transaction_date),
    CONSTRAINT ceiling CHECK (reserved_minor + accepted_minor <= amount_minor)
) STRICT;
INSERT INTO "originals" VALUES('S-1','12345678','123456789012345','000001','000003','606710000042','2026-03-08','2026-03-08',10000,'156','654321','00112233445566778899aabbccddeeff','CUP',500,1000);
INSERT INTO "originals" VALUES('S-2','12345678','123456789012345','000001','000181','606710000042','2026-03-08','2026-03-08',500,'156','654321','00112233445566778899aabbccddeeff','CUP',0,0);
CREATE TABLE requests (request_id TEXT PRIMARY KEY, content TEXT NOT NULL) STRICT;
INSERT INTO "requests" VALUES('R-1','content of R-1');
INSERT INTO "requests" VALUES('R-2','content of R-2');
CREATE TABLE sealed_cards (
    attempt_id TEXT PRIMARY KEY,
    item_key BLOB NOT NULL,
    box BLOB NOT NULL
) STRICT;
INSERT INTO "sealed_cards" VALUES('R-2/2',X'0107273CD09CFD106EBF539F22CF0DC4F9908BBF10161A2AB3C2E7E6FFFFA95D4C3E50D24E2ABB896E860C51FE28C3265A2DDA1C8DA074B62F84F9F8',X'A96A9C15DC14D4AAC9AD84A23AF0AFABCEA61CCCD18609496344630EB92B3A374FEBD8503BE27BEF1D7405B5FBE8EBB5166543740B8F');
CREATE TRIGGER chain_is_append_only_1 BEFORE UPDATE ON chain
    BEGIN SELECT RAISE(ABORT, 'the chain is append-only'); END;
CREATE TRIGGER chain_is_append_only_2 BEFORE DELETE ON chain
    BEGIN SELECT RAISE(ABORT, 'the chain is append-only'); END;
CREATE INDEX originals_by_slip ON originals (rrn, transaction_date);
CREATE UNIQUE INDEX one_open_attempt_per_request ON attempts (request_id)
    WHERE state IN ('INTENT', 'IN_DOUBT', 'MANUAL', 'REVERSING', 'SENT');
CREATE UNIQUE INDEX one_open_attempt_per_original ON attempts (original_id)
    WHERE original_id IS NOT NULL AND state IN ('INTENT', 'IN_DOUBT', 'MANUAL', 'REVERSING', 'SENT');
CREATE INDEX attempts_by_state ON attempts (state);
COMMIT;
