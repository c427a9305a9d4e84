//! The scripts that a server runs: each is one moment.

use std::cell::OnceCell;

/// A script. (Its text goes to the server once, which gives it its digest.)
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Script {
    /// Changes of values.
    Change,
    /// A change of one value, in the usual case.
    One,
    /// The lock of the whole, and holds on writers.
    Hold,
    /// The line of those that wait for these.
    Line,
    /// Named locks.
    Named,
    /// Everything at one moment, for those who cannot get it otherwise.
    All,
    /// The end of a store.
    Destroy,
}

/// All of them.
pub const SCRIPTS: [Script; 7] =
    [Script::Change, Script::One, Script::Hold, Script::Line, Script::Named, Script::All, Script::Destroy];

impl Script {
    /// Its text.
    pub fn text(self) -> &'static str {
        match self {
            Self::Change => concat!(include_str!("common.lua"), include_str!("change.lua")),
            Self::One => concat!(include_str!("common.lua"), include_str!("one.lua")),
            Self::Hold => concat!(include_str!("common.lua"), include_str!("hold.lua")),
            Self::Line => include_str!("line.lua"),
            Self::Named => concat!(include_str!("common.lua"), include_str!("named.lua")),
            Self::All => include_str!("all.lua"),
            Self::Destroy => include_str!("destroy.lua"),
        }
    }
}

/// The digests that a server has given scripts.
#[derive(Debug, Default)]
pub struct Digests([OnceCell<Vec<u8>>; SCRIPTS.len()]);

impl Digests {
    fn cell(&self, script: Script) -> &OnceCell<Vec<u8>> {
        &self.0[SCRIPTS.iter().position(|each| *each == script).expect("all scripts are among all")]
    }

    /// The digest of a script, if it is known.
    pub fn of(&self, script: Script) -> Option<&[u8]> {
        self.cell(script).get().map(|digest| &digest[..])
    }

    /// The server has given a script its digest, which never changes.
    pub fn set(&self, script: Script, digest: Vec<u8>) {
        let _ = self.cell(script).set(digest);
    }
}
