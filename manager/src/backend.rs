//! The cryptography that signs and verifies: AWS-LC where the feature `aws-lc` is on, RustCrypto otherwise.

#[cfg(feature = "aws-lc")]
pub(crate) use credential::crypto::{AwsLc as Backend, AwsLcSigner as BackendSigner};
#[cfg(not(feature = "aws-lc"))]
pub(crate) use credential::crypto::{RustCrypto as Backend, SoftwareSigner as BackendSigner};
