//! Addresses as SMTP takes them.

use lettre::Address;

/// An address that no mail can be sent to or from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("it is not an address that mail can be sent to")]
pub struct AddressError;

/// The address with its domain as DNS has it: names in other letters than ASCII are written in Punycode.
///
/// A local part in other letters stays, and needs a server that knows SMTPUTF8 (RFC 6531).
pub(super) fn address(text: &str) -> Result<Address, AddressError> {
    if text.chars().any(char::is_control) {
        return Err(AddressError);
    }
    let (user, domain) = text.rsplit_once('@').ok_or(AddressError)?;
    let domain = idna::domain_to_ascii(domain).map_err(|_| AddressError)?;
    Address::new(user, domain).map_err(|_| AddressError)
}

/// Whether mail can be sent to an address.
pub(crate) fn is_sendable(text: &str) -> bool {
    address(text).is_ok()
}

/// The domain of an address, as DNS has it.
pub(crate) fn domain(text: &str) -> Option<String> {
    address(text).ok().map(|address| address.domain().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_domain_in_other_letters_is_written_as_dns_has_it() {
        let shown = |text| address(text).map(|address| address.to_string());
        assert_eq!(shown("anna@bücher.example"), Ok("anna@xn--bcher-kva.example".to_owned()));
        assert_eq!(shown("jörg@example.org"), Ok("jörg@example.org".to_owned()));
        assert_eq!(shown("a@b.example"), Ok("a@b.example".to_owned()));
    }

    #[test]
    fn what_could_end_a_line_or_a_command_is_no_address() {
        for bad in [
            "",
            "anna",
            "a@b.example\r\nRCPT TO:<c@d.example>",
            "a\0@b.example",
            "a@b.example>",
            "<a@b.example",
        ] {
            assert_eq!(address(bad), Err(AddressError), "{bad:?}");
        }
    }
}
