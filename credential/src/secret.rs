//! Octets that must not be seen.

use core::fmt;

use subtle::ConstantTimeEq;
use zeroize::{Zeroize, ZeroizeOnDrop};

/// `N` secret octets: wiped when dropped, printed as `Secret(..)`, compared in constant time.
#[derive(Clone, Zeroize, ZeroizeOnDrop)]
pub struct Secret<const N: usize>([u8; N]);

impl<const N: usize> Secret<N> {
    /// Takes the octets into custody.
    pub const fn new(octets: [u8; N]) -> Self {
        Self(octets)
    }

    /// The octets, for the one function that needs them.
    pub const fn expose(&self) -> &[u8; N] {
        &self.0
    }

    /// The octets, for the one function that fills them in.
    pub fn expose_mut(&mut self) -> &mut [u8; N] {
        &mut self.0
    }

    /// Octets to be filled in.
    pub const fn zero() -> Self {
        Self([0; N])
    }
}

impl<const N: usize> PartialEq for Secret<N> {
    fn eq(&self, other: &Self) -> bool {
        self.0.ct_eq(&other.0).into()
    }
}

impl<const N: usize> Eq for Secret<N> {}

impl<const N: usize> fmt::Debug for Secret<N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(..)")
    }
}

#[cfg(test)]
mod tests {
    use std::format;

    use super::*;

    #[test]
    fn a_secret_does_not_print_its_octets() {
        assert_eq!(format!("{:?}", Secret::new([0xA5; 4])), "Secret(..)");
    }

    #[test]
    fn secrets_compare_by_their_octets() {
        assert_eq!(Secret::new([1, 2]), Secret::new([1, 2]));
        assert_ne!(Secret::new([1, 2]), Secret::new([1, 3]));
    }
}
