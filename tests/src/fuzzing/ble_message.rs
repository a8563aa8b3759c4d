//! What travels without the header of an APDU, and the small values around it.

use credential::ble::CommandMessage;
use credential::ble::segment::{AttMtu, SEGMENT_MAX};
use credential::id::UserId;
use credential::iso7816::Aid;
use credential::message::Instruction;

/// Never panics; what decodes comes out again octet for octet.
pub fn ble_message(octets: &[u8]) {
    match CommandMessage::decode(octets) {
        Ok(command) => {
            let mut out = vec![0; octets.len()];
            assert_eq!(command.encode(&mut out), Ok(octets.len()));
            assert_eq!(out, octets);
            assert!(command.encode(&mut out[..octets.len() - 1]).is_err());
            let instruction = Instruction::from_code(command.ins);
            assert!(instruction.is_none_or(|instruction| instruction.code() == command.ins));
        }
        Err(_) => assert!(octets.is_empty()),
    }
    if let Some(mtu) = octets.first_chunk().map(|mtu| u16::from_be_bytes(*mtu)) {
        let negotiated = AttMtu::new(mtu);
        assert_eq!(negotiated.is_ok(), (23..=517).contains(&mtu));
        assert!(
            negotiated.is_ok_and(|negotiated| negotiated.segment_max() <= SEGMENT_MAX) || negotiated.is_err()
        );
    }
    match Aid::new(octets) {
        Ok(aid) => assert_eq!(aid.as_bytes(), octets),
        Err(_) => assert!(!(5..=16).contains(&octets.len())),
    }
    match UserId::new(octets) {
        Ok(user_id) => assert_eq!(user_id.as_str().as_bytes(), octets),
        Err(_) => {
            let printable = octets.iter().all(|octet| (0x20..=0x7E).contains(octet));
            assert!(!printable || !(1..=32).contains(&octets.len()));
        }
    }
}
