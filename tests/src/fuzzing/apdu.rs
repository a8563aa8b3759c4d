//! Single APDUs and status words.

use credential::iso7816::{CommandApdu, LengthForm, ResponseApdu, StatusWord};

/// Never panics; what decodes comes out again octet for octet, and needs exactly its room.
pub fn apdu(octets: &[u8]) {
    command(octets);
    response(octets);
}

fn command(octets: &[u8]) {
    let Ok(command) = CommandApdu::decode(octets) else { return };
    let (data_max, ne_max) = match command.form {
        LengthForm::Short => (255, 256),
        LengthForm::Extended => (65_535, 65_536),
    };
    assert!(command.data.len() <= data_max && command.ne <= ne_max);
    let mut out = vec![0; octets.len()];
    assert_eq!(command.encode(&mut out), Ok(octets.len()));
    assert_eq!(out, octets);
    out.truncate(octets.len() - 1);
    assert!(command.encode(&mut out).is_err());
    let chained = command.header.with_chaining(true);
    assert!(chained.is_chained() && !chained.with_chaining(false).is_chained());
}

fn response(octets: &[u8]) {
    let Ok(response) = ResponseApdu::decode(octets) else {
        assert!(octets.len() < 2);
        return;
    };
    let mut out = vec![0; octets.len()];
    assert_eq!(response.encode(&mut out), Ok(octets.len()));
    assert_eq!(out, octets);
    assert!(response.encode(&mut out[..octets.len() - 1]).is_err());
    let status = response.status;
    assert_eq!(StatusWord::from_be_bytes(status.to_be_bytes()), status);
    assert_eq!(status.is_more(), status.more_octets().is_some());
    for (octets, again) in [
        (status.more_octets(), StatusWord::more as fn(usize) -> StatusWord),
        (status.right_le(), StatusWord::wrong_le),
    ] {
        let Some(octets) = octets else { continue };
        assert!((1..=256).contains(&octets) && again(octets) == status);
    }
}
