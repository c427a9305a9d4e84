//! Passwords, which no message can show by mistake.

use std::fmt;

/// The sign that stands where a password was given.
pub(crate) const HIDDEN: &str = "***";

/// A password. It has no `Display`, and its `Debug` is `***`: only [`Secret::expose`] leads to the bytes.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Secret(Vec<u8>);

impl Secret {
    /// Hides these bytes.
    pub fn new(bytes: Vec<u8>) -> Self {
        Self(bytes)
    }

    /// Whether it is the sign that stands in an address that was shown, and no password.
    pub fn is_hidden(&self) -> bool {
        self.0 == HIDDEN.as_bytes()
    }

    /// The password itself, for the server alone.
    pub fn expose(&self) -> &[u8] {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(HIDDEN)
    }
}
