//! Codes that people type.

use manager::domain::InvitationCode;

/// Never panics; what is taken has one canonical form, and a code of which one symbol is mistyped is refused.
pub fn invitation_code(octets: &[u8]) {
    if let Ok(code) = String::from_utf8_lossy(octets).parse::<InvitationCode>() {
        comes_back(&code);
    }
    let Some((secret, mistake)) = octets.split_first_chunk::<16>() else { return };
    let code = InvitationCode::new(*secret);
    comes_back(&code);
    let [place, symbol, ..] = *mistake else { return };
    let mut typed = code.canonical().into_bytes();
    let place = usize::from(place) % typed.len();
    let right = std::mem::replace(&mut typed[place], symbol.to_ascii_uppercase());
    let Ok(typed) = String::from_utf8(typed) else { return };
    if let Ok(taken) = typed.parse::<InvitationCode>() {
        let same = matches!((right, symbol.to_ascii_uppercase()), (b'1', b'I' | b'L') | (b'0', b'O'));
        assert!(same || right == symbol.to_ascii_uppercase(), "a mistyped symbol is noticed");
        assert_eq!(taken, code);
    }
}

fn comes_back(code: &InvitationCode) {
    let canonical = code.canonical();
    assert_eq!(canonical.len(), 27);
    let link = code.link("https://manager.example");
    assert!(link.ends_with(&format!("#{canonical}")));
    for text in [canonical.clone(), code.grouped(), canonical.to_lowercase()] {
        let again: InvitationCode = text.parse().unwrap();
        assert_eq!((&again, again.hash()), (code, code.hash()));
    }
}
