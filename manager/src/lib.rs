//! The issuing service: users, invitations, devices, readers and revocation.
