//! Snapshots of a store as it will be with the changes of an overlay.

use super::{OWN, Overlay};
use crate::{Backend, Entry, Room, Selection, Snapshot, Stored};

/// A source of an entry of a snapshot.
enum Source {
    /// The one at this place in a snapshot of the store below, and what was written over it.
    Below(usize, Option<usize>),
    /// A key that is new.
    New(usize),
}

impl<V: Copy + Default> Overlay<V> {
    /// As [`Backend::select`].
    pub fn select<B: Backend<Version = V>, R: Room<u8>, E: Room<Entry>>(
        &self,
        below: &B,
        selection: &Selection,
        snapshot: &mut Snapshot<R, E>,
        limit: u64,
    ) -> Result<(), B::Error> {
        snapshot.begin(limit);
        let mut its = Snapshot::default();
        if !self.cleared {
            match *selection {
                // (Its own limit would count keys that were removed.)
                Selection::Page { prefix, after, .. } if after.is_none_or(|after| after & OWN == 0) => {
                    below.select(&Selection::Page { prefix, after, limit: u64::MAX }, &mut its, limit)?;
                }
                Selection::Page { .. } => {}
                Selection::All | Selection::Keys(_) => below.select(selection, &mut its, limit)?,
            }
        }
        let mut sources = Vec::new();
        for at in 0..its.len() {
            let (Some((key, _)), Some(place)) = (its.get(at), its.place(at)) else { continue };
            match self.written.find(key).and_then(|n| Some((n, self.written.at(n)?.1))) {
                Some((_, written)) if written.anew || !written.is_seen() => {}
                Some((n, ..)) => sources.push((place, Source::Below(at, Some(n)))),
                None => sources.push((place, Source::Below(at, None))),
            }
        }
        for (at, (key, written)) in self.written.iter().enumerate() {
            let is_new = written.is_seen() && (written.anew || !self.has_below(below, at)?);
            let is_selected = match *selection {
                Selection::All => true,
                Selection::Keys(keys) => keys.contains(&key),
                Selection::Page { prefix, after, .. } => {
                    key.starts_with(prefix) && after.is_none_or(|after| written.place > after)
                }
            };
            if is_new && is_selected {
                sources.push((written.place, Source::New(at)));
            }
        }
        sources.sort_unstable_by_key(|source| source.0);
        if let Selection::Page { limit, .. } = selection {
            sources.truncate(usize::try_from(*limit).unwrap_or(usize::MAX));
        }
        for (place, source) in sources {
            self.show(below, &its, (place, source), snapshot)?;
        }
        snapshot.sort();
        if snapshot.fits() { Ok(()) } else { Err(below.no_room(snapshot.wanted().0)) }
    }

    /// Adds an entry to a snapshot; `its` is that of the store below.
    fn show<B: Backend<Version = V>, R: Room<u8>, E: Room<Entry>>(
        &self,
        below: &B,
        its: &Snapshot,
        (place, source): (u64, Source),
        snapshot: &mut Snapshot<R, E>,
    ) -> Result<(), B::Error> {
        let added = match source {
            Source::Below(at, None) => match its.get(at) {
                Some((key, Stored::Bytes(value))) => snapshot.add(place, appending(key), appending(value)),
                Some((key, Stored::Left(left))) => snapshot.add_left(place, appending(key), left),
                None => Some(()),
            },
            Source::Below(_, Some(at)) | Source::New(at) => {
                let Some((key, written)) = self.written.at(at) else { return Ok(()) };
                if written.from().is_none() {
                    snapshot.add(place, appending(key), appending(&written.bytes))
                } else {
                    let mut whole = Vec::new();
                    below.get(key, &mut V::default(), &mut whole)?;
                    whole.extend_from_slice(&written.bytes);
                    snapshot.add(place, appending(key), appending(&whole))
                }
            }
        };
        added.ok_or_else(|| below.no_room(snapshot.wanted().0))
    }
}

/// Bytes to be added to a snapshot.
fn appending<R: Room<u8>>(bytes: &[u8]) -> (u64, impl FnOnce(&mut R) -> Option<()>) {
    (bytes.len() as u64, move |out: &mut R| out.extend(bytes).then_some(()))
}
