//! The facts about a value, without reading all of it.

use std::mem::MaybeUninit;

use sync_backend::{Backend, Expiry, Found, Peeked, Unread, listed};

use crate::file::{Shared, retry};
use crate::outcome::Outcome;
use crate::value::{elements, kind};

/// Bytes by which the kind of a value is told: the name of a class may be long.
const START: usize = 512;

/// The facts about a value.
pub struct Facts {
    /// As PHP calls it: a type, a class or the case of an enum. Nothing in it is obeyed by a terminal.
    pub kind: String,
    pub bytes: u64,
    /// The number of pieces in which it is stored.
    pub pieces: u64,
    /// The number of elements, of an array for which that is known without reading it.
    pub elements: Option<u64>,
    pub expiry: Option<Expiry>,
}

impl Facts {
    /// Those of a name; `None`: it is not there.
    pub fn of<B: Shared>(store: &B, name: &[u8]) -> Outcome<Option<Self>> {
        retry(store, |store| Self::look(store, name))
    }

    /// As [`Facts::of`], without waiting for anybody.
    pub fn look<B: Backend>(store: &B, name: &[u8]) -> Result<Option<Self>, B::Error> {
        let Some(facts) = store.facts(name)? else { return Ok(None) };
        let mut start = Vec::new();
        let start = match store.get_short(name, 1, &mut B::Version::default(), &mut start)? {
            Found::Long(unread) => long_start(store, &unread)?,
            Found::Missing => return Ok(None),
            _ => start,
        };
        let elements = match store.peek(name, &mut B::Version::default(), &mut Vec::new())? {
            Peeked::Noted(note) => listed(note),
            _ => elements(&start).filter(|_| facts.whole),
        };
        Ok(Some(Self { kind: kind(&start), bytes: facts.bytes, pieces: facts.pieces, elements, expiry: facts.expiry }))
    }
}

/// The first bytes of a value that was left in the store; none, if it is gone.
fn long_start<B: Backend>(store: &B, unread: &Unread) -> Result<Vec<u8>, B::Error> {
    let mut bytes = [MaybeUninit::uninit(); START];
    let length = usize::try_from(unread.length).map_or(START, |length| length.min(START));
    let target = &mut bytes[..length];
    if !store.read_unread(unread, 0, target)? {
        return Ok(Vec::new());
    }
    // SAFETY: `read_unread` has filled all of them, as it says.
    Ok(target.iter().map(|byte| unsafe { byte.assume_init() }).collect())
}
