//! Files of good and bad input, with what comes of them.

use manager::import::read;

/// A name, the octets of a file, and what it is read as: a summary of people, or every error.
struct Case {
    name: &'static str,
    file: Vec<u8>,
    result: Result<&'static str, &'static str>,
}

fn good(name: &'static str, file: impl Into<Vec<u8>>, summary: &'static str) -> Case {
    Case { name, file: file.into(), result: Ok(summary) }
}

fn bad(name: &'static str, file: impl Into<Vec<u8>>, errors: &'static str) -> Case {
    Case { name, file: file.into(), result: Err(errors) }
}

/// Encoding, delimiter, header, then each person on a line.
fn summary(file: &[u8]) -> Result<String, String> {
    let sheet = read(file).map_err(|errors| errors.to_string())?;
    let header = if sheet.has_header { "header" } else { "no header" };
    let mut text = format!("{} {:?} {header}", sheet.encoding, sheet.delimiter);
    for row in &sheet.rows {
        let person = &row.person;
        let sync_id = person.sync_id.as_ref().map(|id| format!("|{id}")).unwrap_or_default();
        let fields =
            [&person.first_name, &person.last_name, &person.email, &person.user_id].map(String::as_str);
        text.push_str(&format!("\n{}: {}{sync_id}", row.line, fields.join("|")));
    }
    Ok(text)
}

fn utf_16(text: &str, octets: fn(u16) -> [u8; 2]) -> Vec<u8> {
    text.encode_utf16().flat_map(octets).collect()
}

fn check(cases: Vec<Case>) {
    for case in cases {
        let result = summary(&case.file);
        let result = result.as_ref().map(String::as_str).map_err(String::as_str);
        assert_eq!(result, case.result, "{}", case.name);
    }
}

#[test]
fn good_files_are_read() {
    check(vec![
        good("plain", "Anna,Berg,a@x.example,0042\n", "UTF-8 Comma no header\n1: Anna|Berg|a@x.example|0042"),
        good(
            "no line end at the end",
            "Anna,Berg,a@x.example,1\r\nBert,Berg,b@x.example,2",
            "UTF-8 Comma no header\n1: Anna|Berg|a@x.example|1\n2: Bert|Berg|b@x.example|2",
        ),
        good(
            "header and Sync ID",
            "First name,Last name,E-mail address,ID,Sync ID\nAnna,Berg,a@x.example,1,S1\nBert,Berg,b@x.example,2,\n",
            "UTF-8 Comma header\n2: Anna|Berg|a@x.example|1|S1\n3: Bert|Berg|b@x.example|2",
        ),
        good(
            "German header, semicolons, byte order mark",
            "\u{FEFF}Vorname;Nachname;E-Mail-Adresse;ID\r\nJörg;Müller;j@x.example;007\r\n",
            "UTF-8 Semicolon header\n2: Jörg|Müller|j@x.example|007",
        ),
        good("tabs", "Anna\tBerg\ta@x.example\t1\n", "UTF-8 Tab no header\n1: Anna|Berg|a@x.example|1"),
        good(
            "UTF-16 with mark",
            utf_16("\u{FEFF}Zoë\tBerg\ta@x.example\t1\r\n", u16::to_le_bytes),
            "UTF-16LE Tab no header\n1: Zoë|Berg|a@x.example|1",
        ),
        good(
            "UTF-16 the other way round",
            utf_16("\u{FEFF}Zoë,Łoś,a@x.example,1\n", u16::to_be_bytes),
            "UTF-16BE Comma no header\n1: Zoë|Łoś|a@x.example|1",
        ),
        good(
            "Windows-1252",
            b"J\xF6rg;M\xFCller-Gro\xDF;joerg@x.example;1\n".as_slice(),
            "windows-1252 Semicolon no header\n1: Jörg|Müller-Groß|joerg@x.example|1",
        ),
        good(
            "quotation marks, delimiters and quotation marks within",
            "\"Anna \"\"Ann\"\"\",\"Berg, Dr.\",a@x.example,\"1\"\n",
            "UTF-8 Comma no header\n1: Anna \"Ann\"|Berg, Dr.|a@x.example|1",
        ),
        good(
            "blank lines and lines of delimiters",
            "\nAnna,Berg,a@x.example,1\n\n\n,,,\nBert,Berg,b@x.example,2\n,,,\n\nCleo,Berg,c@x.example,3",
            "UTF-8 Comma no header\n2: Anna|Berg|a@x.example|1\n6: Bert|Berg|b@x.example|2\n9: Cleo|Berg|c@x.example|3",
        ),
        good(
            "spaces around values",
            " Anna , Berg ,a@x.example , 1 \n",
            "UTF-8 Comma no header\n1: Anna|Berg|a@x.example|1",
        ),
        good("only a header", "First name,Last name,E-mail address,ID\n", "UTF-8 Comma header"),
        good(
            "carriage returns only",
            "Anna,Berg,a@x.example,1\rBert,Berg,b@x.example,2\r",
            "UTF-8 Comma no header\n1: Anna|Berg|a@x.example|1\n2: Bert|Berg|b@x.example|2",
        ),
        good("one name", ",Berg,a@x.example,1\n", "UTF-8 Comma no header\n1: |Berg|a@x.example|1"),
        good(
            "IDs that only look spoiled",
            "Anna,Berg,a@x.example,4E12\nBert,Berg,b@x.example,-00 1\n",
            "UTF-8 Comma no header\n1: Anna|Berg|a@x.example|4E12\n2: Bert|Berg|b@x.example|-00 1",
        ),
        good(
            "formulas are text",
            "=1+1,@Berg,a@x.example,1\n",
            "UTF-8 Comma no header\n1: =1+1|@Berg|a@x.example|1",
        ),
    ]);
}

#[test]
fn bad_files_name_every_error() {
    check(vec![
        bad("nothing", "", "the file is empty"),
        bad("only a mark", "\u{FEFF}", "the file is empty"),
        bad("only blank lines", " \r\n\r\n", "the file is empty"),
        bad(
            "a workbook",
            b"PK\x03\x04\x14\x00".as_slice(),
            "the file is a workbook or an archive, not CSV; save the sheet as CSV",
        ),
        bad(
            "an address",
            "Anna,Berg,foo@,1\n",
            "line 1, column 3 (E-mail address): \"foo@\" is not an e-mail address",
        ),
        bad(
            "the seventh line",
            "First name,Last name,E-mail address,ID\nA,B,a@x.example,1\nA,B,b@x.example,2\nA,B,c@x.example,3\nA,B,d@x.example,4\nA,B,e@x.example,5\nA,B,foo@,6\n",
            "line 7, column 3 (E-mail address): \"foo@\" is not an e-mail address",
        ),
        bad("no address", "Anna,Berg,,1\n", "line 1, column 3 (E-mail address): is empty"),
        bad("no ID", "Anna,Berg,a@x.example,\n", "line 1, column 4 (ID): is empty"),
        bad(
            "no name",
            ",,a@x.example,1\n",
            "line 1, column 1 (First name): first and last name are both empty",
        ),
        bad(
            "a spoiled ID",
            "Anna;Berg;a@x.example;4,2E+12\n",
            "line 1, column 4 (ID): \"4,2E+12\" was spoiled by a spreadsheet: its digits are lost, format the column as text",
        ),
        bad(
            "a spoiled Sync ID",
            "Anna,Berg,a@x.example,1,1E+15\n",
            "line 1, column 5 (Sync ID): \"1E+15\" was spoiled by a spreadsheet: its digits are lost, format the column as text",
        ),
        bad(
            "the same address twice, in other letters",
            "Anna,Berg,a@x.example,1\nBert,Berg,A@X.example,2\n",
            "line 2, column 3 (E-mail address): \"A@X.example\" is already in line 1",
        ),
        bad(
            "the same ID three times",
            "A,B,a@x.example,7\nA,B,b@x.example,7\nA,B,c@x.example,7\n",
            "line 2, column 4 (ID): \"7\" is already in line 1\nline 3, column 4 (ID): \"7\" is already in line 1",
        ),
        bad(
            "the same Sync ID twice",
            "A,B,a@x.example,1,S\nA,B,b@x.example,2,S\n",
            "line 2, column 5 (Sync ID): \"S\" is already in line 1",
        ),
        bad("too few columns", "Anna,Berg,a@x.example\n", "line 1: 3 columns where 4 or 5 are expected"),
        bad(
            "ragged rows",
            "A,B,a@x.example,1\nA,B,b@x.example,2,S\nA,B,c@x.example\n",
            "line 2: 5 columns where 4 are expected\nline 3: 3 columns where 4 are expected",
        ),
        bad(
            "a header of six columns",
            "First name,Last name,E-mail address,ID,Sync ID,Badge\n",
            "line 1: 6 columns where 4 or 5 are expected",
        ),
        bad(
            "columns in another order",
            "Last name,First name,E-mail address,ID\nBerg,Anna,a@x.example,1\n",
            "line 1, column 1 (First name): \"Last name\" stands where \"First name\" is expected\n\
             line 1, column 2 (Last name): \"First name\" stands where \"Last name\" is expected",
        ),
        bad(
            "a zero octet",
            "Anna,Be\0rg,a@x.example,1\n",
            "line 1, column 2 (Last name): has the control character U+0000",
        ),
        bad(
            "a line end within a value",
            "\"Anna\nMaria\",Berg,a@x.example,1\nBert,Berg,foo,2\n",
            "line 1, column 1 (First name): has the control character U+000A\n\
             line 3, column 3 (E-mail address): \"foo\" is not an e-mail address",
        ),
        bad(
            "a quotation mark that never closes",
            "A,B,foo@,1\nA,\"B,b@x.example,2\nA,B,c@x.example,3\n",
            "line 1, column 3 (E-mail address): \"foo@\" is not an e-mail address\n\
             line 2, column 2 (Last name): the quotation mark that opens here is never closed",
        ),
        bad(
            "text behind a quotation mark",
            "\"Anna\" Maria,Berg,a@x.example,1\n",
            "line 1, column 1 (First name): text after the closing quotation mark",
        ),
        bad(
            "an ID that is too long",
            format!("A,B,a@x.example,{}\n", "7".repeat(33)),
            "line 1, column 4 (ID): has 33 characters, at most 32 are allowed",
        ),
        bad(
            "a name that is too long",
            format!("{},B,a@x.example,1\n", "ä".repeat(101)),
            "line 1, column 1 (First name): has 101 characters, at most 100 are allowed",
        ),
        bad(
            "an address that is too long",
            format!("A,B,a@{}.example,1\n", "x".repeat(260)),
            "line 1, column 3 (E-mail address): has 270 characters, at most 254 are allowed",
        ),
        bad(
            "an ID with letters that no credential carries",
            "A,B,a@x.example,Grün\n",
            "line 1, column 4 (ID): \"Grün\" has a character that is not printable ASCII: 'ü'",
        ),
        bad(
            "octets that are not UTF-8",
            b"\xEF\xBB\xBFA,B,a@x.example,1\n\xFF\n".as_slice(),
            "line 2: octets that are not UTF-8",
        ),
        bad(
            "everything at once",
            ",,foo,\nA,B,b@x.example,1\nA,B,B@x.example,1\nA;B\n",
            "line 1, column 1 (First name): first and last name are both empty\n\
             line 1, column 3 (E-mail address): \"foo\" is not an e-mail address\n\
             line 1, column 4 (ID): is empty\n\
             line 3, column 3 (E-mail address): \"B@x.example\" is already in line 2\n\
             line 3, column 4 (ID): \"1\" is already in line 2\n\
             line 4: 1 column where 4 are expected",
        ),
    ]);
}

#[test]
fn a_long_value_is_cut_in_its_message() {
    let file = format!("A,B,{},1\n", "x".repeat(100));
    let expected =
        format!("line 1, column 3 (E-mail address): {:?}… is not an e-mail address", "x".repeat(60));
    assert_eq!(summary(file.as_bytes()).unwrap_err(), expected);
}
