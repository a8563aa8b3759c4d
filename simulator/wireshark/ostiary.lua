-- Dissector of traces of the Ostiary exchange (docs/TRACES.md), link type LINKTYPE_USER0.
-- Put it into Wireshark's folder for Lua plugins, or: wireshark -X lua_script:ostiary.lua taps.pcapng

local ostiary = Proto("ostiary", "Ostiary exchange")

local transports = { [0] = "NFC", [1] = "GATT", [2] = "L2CAP", [3] = "TCP" }
local kinds = { [0] = "octets", [1] = "event", [2] = "tap begins", [3] = "tap ends" }
local sides = { [0] = "reader", [1] = "device" }
local presences = { [0] = "none", [1] = "unlocked", [2] = "verified" }
local instructions = {
    [0xA4] = "SELECT", [0x10] = "HELLO", [0x12] = "CONFIRM", [0x14] = "OUTCOME", [0x16] = "REPORT",
    [0xC0] = "GET RESPONSE",
}
local answers = {
    [0xA4] = "SELECT response", [0x10] = "OFFER", [0x12] = "PROOF", [0x14] = "ACK", [0x16] = "RECEIVED",
}
local statuses = {
    [0x9000] = "normal", [0x6700] = "wrong length", [0x6883] = "last command of the chain expected",
    [0x6982] = "security status not satisfied", [0x6985] = "conditions of use not satisfied",
    [0x6A81] = "function not supported", [0x6A82] = "file or application not found",
    [0x6A84] = "not enough memory", [0x6A86] = "incorrect parameters P1-P2",
    [0x6D00] = "instruction not supported", [0x6E00] = "class not supported",
}

local f = {
    kind = ProtoField.uint8("ostiary.kind", "Kind", base.DEC, kinds),
    transport = ProtoField.uint8("ostiary.transport", "Transport", base.DEC, transports),
    from = ProtoField.uint8("ostiary.from", "From", base.DEC, sides, 0x01),
    lost = ProtoField.bool("ostiary.lost", "Never arrived", 8, nil, 0x02),
    tap = ProtoField.uint64("ostiary.tap", "Tap"),
    record = ProtoField.string("ostiary.record", "Record"),
    message = ProtoField.string("ostiary.message", "Message"),
    segment_first = ProtoField.bool("ostiary.segment.first", "First segment", 8, nil, 0x80),
    segment_last = ProtoField.bool("ostiary.segment.last", "Last segment", 8, nil, 0x40),
    segment_number = ProtoField.uint8("ostiary.segment.number", "Sequence number", base.DEC, nil, 0x3F),
    length = ProtoField.uint16("ostiary.length", "Length of the message"),
    part = ProtoField.bytes("ostiary.part", "Part of a message"),
    class = ProtoField.uint8("ostiary.class", "Class", base.HEX),
    instruction = ProtoField.uint8("ostiary.instruction", "Instruction", base.HEX, instructions),
    p1p2 = ProtoField.uint16("ostiary.p1p2", "P1, P2", base.HEX),
    status = ProtoField.uint16("ostiary.status", "Status word", base.HEX, statuses),
    aid = ProtoField.bytes("ostiary.aid", "AID"),
    lowest = ProtoField.uint8("ostiary.version.lowest", "Lowest version"),
    highest = ProtoField.uint8("ostiary.version.highest", "Highest version"),
    suites = ProtoField.uint8("ostiary.suites", "Suites", base.HEX),
    extended = ProtoField.bool("ostiary.extended", "APDUs of extended length", 8, nil, 0x01),
    longest = ProtoField.uint16("ostiary.longest", "Longest command data"),
    version = ProtoField.uint8("ostiary.version", "Version"),
    suite = ProtoField.uint8("ostiary.suite", "Suite"),
    reader_time = ProtoField.absolute_time("ostiary.reader_time", "Reader time"),
    format = ProtoField.uint8("ostiary.format", "Format"),
    project = ProtoField.bytes("ostiary.project", "Project id"),
    issuer = ProtoField.uint8("ostiary.issuer", "Issuer key index"),
    reader = ProtoField.uint32("ostiary.reader", "Reader id"),
    not_before = ProtoField.absolute_time("ostiary.not_before", "Not before"),
    not_after = ProtoField.absolute_time("ostiary.not_after", "Not after"),
    presence = ProtoField.uint8("ostiary.presence", "User presence", base.DEC, presences),
    reader_key = ProtoField.bytes("ostiary.reader_key", "Reader public key"),
    signature = ProtoField.bytes("ostiary.signature", "Signature, not verified here"),
    ephemeral = ProtoField.bytes("ostiary.ephemeral", "Ephemeral point"),
    ticket = ProtoField.bytes("ostiary.ticket", "Ticket, or random octets"),
    binder = ProtoField.bytes("ostiary.binder", "Binder, or random octets"),
    sealed = ProtoField.bytes("ostiary.sealed", "Sealed"),
    tag = ProtoField.bytes("ostiary.tag", "Tag"),
}
ostiary.fields = f

local malformed = ProtoExpert.new(
    "ostiary.malformed", "These octets are not of the exchange", expert.group.MALFORMED, expert.severity.WARN)
ostiary.experts = { malformed }

-- What each packet was found to be, by its number: Wireshark asks again, and in any order.
local remembered = {}
-- For each tap and side: what has come of a message that is not whole; for each tap: what was asked last.
local halves, asked = {}, {}
-- For each tap: a chain of commands, or an answer that is fetched in parts, is under way.
local chains, fetched = {}, {}

function ostiary.init()
    remembered, halves, asked, chains, fetched = {}, {}, {}, {}, {}
end

local function certificate(tree, octets)
    local inside = tree:add(ostiary, octets, "Reader certificate")
    inside:add(f.format, octets(0, 1))
    inside:add(f.project, octets(1, 8))
    inside:add(f.issuer, octets(9, 1))
    inside:add(f.reader, octets(10, 4))
    inside:add(f.not_before, octets(14, 4))
    inside:add(f.not_after, octets(18, 4))
    inside:add(f.presence, octets(22, 1))
    inside:add(f.reader_key, octets(23, 33))
    inside:add(f.signature, octets(56, 64))
end

local function sealed(tree, octets, what)
    local length = octets:len()
    if length > 16 then
        tree:add(f.sealed, octets(0, length - 16)):append_text(" (" .. what .. ")")
    end
    tree:add(f.tag, octets(length - 16, 16))
end

-- Data of a command; false where it is not of the exchange.
local function command_data(tree, instruction, data)
    local length = data:len()
    if instruction == 0xA4 and length > 0 then
        tree:add(f.aid, data)
    elseif instruction == 0x10 and length == 159 then
        tree:add(f.version, data(0, 1))
        tree:add(f.suite, data(1, 1))
        tree:add(f.reader_time, data(2, 4))
        certificate(tree, data(6, 120))
        tree:add(f.ephemeral, data(126, 33))
    elseif instruction == 0x12 and length == 16 then
        tree:add(f.tag, data)
    elseif instruction == 0x14 and length == 241 then
        sealed(tree, data, "result, tickets, wishes, under the reader key")
    elseif instruction == 0x16 and length >= 45 then
        sealed(tree, data, "report, under the reader key and to the manager")
    else
        return false
    end
    return true
end

local function answer_data(tree, instruction, data)
    local length = data:len()
    if instruction == 0xA4 and length == 6 then
        tree:add(f.lowest, data(0, 1))
        tree:add(f.highest, data(1, 1))
        tree:add(f.suites, data(2, 1))
        tree:add(f.extended, data(3, 1))
        tree:add(f.longest, data(4, 2))
    elseif instruction == 0x10 and length == 121 then
        tree:add(f.ephemeral, data(0, 33))
        tree:add(f.ticket, data(33, 72))
        tree:add(f.binder, data(105, 16))
    elseif instruction == 0x12 and length == 237 then
        sealed(tree, data, "device signature and credential, under the device key")
    elseif instruction == 0x14 and length >= 16 then
        sealed(tree, data, "what the phone brings, under the device key")
    elseif instruction == 0x16 and length == 17 then
        sealed(tree, data, "whether the report was kept, under the device key")
    else
        return false
    end
    return true
end

-- A whole message of the reader, its instruction in front; `found` says what it is.
local function command(tree, octets, found)
    local name = instructions[found.instruction]
    if not name then
        tree:add_proto_expert_info(malformed)
        return "not of this exchange"
    end
    if found.in_chain then
        tree:add(f.part, octets)
        return name
    end
    local data = found.data and octets(found.data, found.data_length)
    if data and not command_data(tree, found.instruction, data) then
        tree:add_proto_expert_info(malformed)
    end
    return name
end

local function answer(tree, octets, found)
    local length = octets:len()
    if length < 2 then
        tree:add_proto_expert_info(malformed)
        return "not of this exchange"
    end
    local name = "status word"
    if length > 2 then
        name = answers[found.instruction] or "answer"
        if found.in_parts then
            tree:add(f.part, octets(0, length - 2))
        elseif not answer_data(tree, found.instruction, octets(0, length - 2)) then
            tree:add_proto_expert_info(malformed)
        end
    end
    local word = octets(length - 2, 2)
    tree:add(f.status, word)
    if octets(length - 2, 1):uint() == 0x61 then
        return "part of " .. name
    end
    if word:uint() ~= 0x9000 then
        name = name .. string.format(" %04X", word:uint())
    end
    return name
end

-- Where the data of a command APDU is.
local function apdu(tree, octets, found)
    local length = octets:len()
    if length < 4 then
        return
    end
    tree:add(f.class, octets(0, 1))
    tree:add(f.instruction, octets(1, 1))
    tree:add(f.p1p2, octets(2, 2))
    found.instruction = octets(1, 1):uint()
    found.chained = octets(0, 1):bitfield(3, 1) == 1
    if length > 7 and octets(4, 1):uint() == 0 then
        found.data, found.data_length = 7, octets(5, 2):uint()
    elseif length > 5 then
        found.data, found.data_length = 5, octets(4, 1):uint()
    end
    if found.data and found.data + found.data_length > length then
        found.data = nil
        tree:add_proto_expert_info(malformed)
    end
end

-- The octets of a message, put together from the pieces of its link; nil while it is not whole.
local function whole(transport, half, octets)
    if transport == 1 then
        local flags = octets(0, 1):uint()
        if flags >= 0x80 then
            half.octets = ""
        end
        half.octets = (half.octets or "") .. octets(flags >= 0x80 and 3 or 1):raw()
        return flags % 0x80 >= 0x40 and half.octets or nil
    end
    half.octets = (half.octets or "") .. octets:raw()
    if #half.octets < 2 then
        return nil
    end
    local length = half.octets:byte(1) * 256 + half.octets:byte(2)
    if #half.octets < 2 + length then
        return nil
    end
    local message = half.octets:sub(3, 2 + length)
    half.octets = half.octets:sub(3 + length)
    return message
end

-- Says once what a packet is; it is asked for again.
local function find(number, transport, from, tap, octets)
    if remembered[number] then
        return remembered[number]
    end
    local found = { message = nil, instruction = asked[tap] or 0xA4 }
    if transport == 0 then
        local length = octets:len()
        found.message = octets:raw()
        if from == 0 and length > 1 and octets(1, 1):uint() ~= 0xC0 then
            asked[tap] = octets(1, 1):uint()
            found.in_chain = chains[tap]
            chains[tap] = octets(0, 1):bitfield(3, 1) == 1
        elseif from == 1 and length > 1 then
            local more = octets(length - 2, 1):uint() == 0x61
            found.in_parts = more or fetched[tap]
            fetched[tap] = more
        end
    else
        local key = tap .. "/" .. from
        halves[key] = halves[key] or {}
        found.message = whole(transport, halves[key], octets)
        if found.message and from == 0 and #found.message > 0 then
            asked[tap] = found.message:byte(1)
            found.instruction = asked[tap]
        end
    end
    remembered[number] = found
    return found
end

local function framing(tree, transport, octets)
    if transport == 1 then
        tree:add(f.segment_first, octets(0, 1))
        tree:add(f.segment_last, octets(0, 1))
        tree:add(f.segment_number, octets(0, 1))
        if octets(0, 1):uint() >= 0x80 and octets:len() > 2 then
            tree:add(f.length, octets(1, 2))
        end
    elseif transport > 1 and octets:len() > 1 then
        tree:add(f.length, octets(0, 2))
    end
end

local function message(tree, number, transport, from, tap, octets)
    if octets:len() == 0 then
        return "nothing"
    end
    framing(tree, transport, octets)
    local found = find(number, transport, from, tap, octets)
    if not found.message then
        tree:add(f.part, octets)
        return "part of a message"
    end
    -- The message as it is in the packet, or as it was put together.
    local joined = transport ~= 0 and #found.message ~= octets:len() - (transport == 1 and 3 or 2)
    local view
    if transport == 0 then
        view = octets
    elseif joined then
        view = ByteArray.new(found.message, true):tvb("Message"):range()
    else
        view = octets(transport == 1 and 3 or 2)
    end
    local inside = tree:add(ostiary, view, "Message")
    local name
    if from == 0 then
        if transport == 0 then
            apdu(inside, view, found)
        elseif view:len() > 0 then
            inside:add(f.instruction, view(0, 1))
            found.data, found.data_length = 1, view:len() - 1
        end
        if found.chained then
            name = "part of " .. (instructions[found.instruction] or "a chain")
        else
            name = command(inside, view, found)
        end
    else
        name = answer(inside, view, found)
    end
    inside:append_text(": " .. name)
    inside:add(f.message, name):set_generated()
    return name
end

function ostiary.dissector(buffer, pinfo, root)
    if buffer:len() < 12 or buffer(0, 1):uint() ~= 1 then
        return 0
    end
    local tree = root:add(ostiary, buffer())
    local kind, transport = buffer(1, 1):uint(), buffer(2, 1):uint()
    local from = buffer(3, 1):bitfield(7, 1)
    local tap = buffer(4, 8):uint64()
    pinfo.cols.protocol = "Ostiary"
    pinfo.cols.src = sides[from]
    pinfo.cols.dst = sides[1 - from]
    tree:add(f.kind, buffer(1, 1))
    tree:add(f.transport, buffer(2, 1))
    tree:add(f.from, buffer(3, 1))
    tree:add(f.lost, buffer(3, 1))
    tree:add(f.tap, buffer(4, 8))
    local rest = buffer:len() > 12 and buffer(12) or nil
    local name
    if kind ~= 0 then
        name = kinds[kind] or "unknown"
        if rest then
            tree:add(f.record, rest)
            name = name .. ": " .. rest:string()
        end
    elseif rest and buffer(3, 1):bitfield(6, 1) == 0 then
        name = message(tree, pinfo.number, transport, from, tostring(tap), rest)
    else
        name = "lost"
        if rest then
            tree:add(f.part, rest)
        end
    end
    tree:append_text(", tap " .. tostring(tap) .. ", " .. name)
    pinfo.cols.info = string.format("tap %s  %s  %s", tostring(tap), transports[transport] or "?", name)
    return buffer:len()
end

DissectorTable.get("wtap_encap"):add(wtap.USER0, ostiary)
