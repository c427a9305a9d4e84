//! Values with the items in consumption that were taken off them: as they would be if all who consume died at that moment.

use super::Store;
use crate::error::{Failure, Result};
use crate::read::{ConsumedItem, Consumption, Reader, WithItems};
use crate::version::Version;
use std::sync::atomic::Ordering;
use sync_backend::list::{self, Kind};
use sync_backend::{Expiry, Found, Now, PEEK};

/// How often a value is read again that has changed meanwhile.
const LOOKS: u32 = 1_000;

impl Store {
    /// The lists of which items are in consumption, about now: of each item that is there all the time, its list is among them.
    pub fn consumption(&self) -> Result<Consumption> {
        let object = self.session().object();
        let consumption = self.follower.with_file(false, |file| {
            let taken = file.map.header().lock_tokens.load(Ordering::Acquire);
            let lists = Reader::of(file).items(object, None)?.into_iter().map(|item| item.list).collect();
            Ok(Consumption { lists, taken })
        })?;
        Ok(consumption.unwrap_or_default())
    }

    /// As [`Store::get`], of the whole value, with the items in consumption at its head, in their order: all of one moment. Each is in it,
    /// but for those that are done with while this looks.
    pub fn get_with_items(&self, key: &[u8], seen: &mut Version, out: &mut Vec<u8>) -> Result<WithItems> {
        let object = self.session().object();
        for _ in 0..LOOKS {
            *seen = Version::default();
            out.clear();
            let is_there = !matches!(self.get(key, seen, out)?, Found::Missing);
            let items = self.follower.with_file(false, |file| Reader::of(file).items(object, Some(key)))?;
            // Each item that is taken, or goes back, changes its list: none has.
            let is_same = match self.get(key, &mut seen.clone(), &mut Vec::new())? {
                Found::Unchanged => is_there,
                Found::Missing => !is_there,
                _ => false,
            };
            if is_same {
                let expiry = seen.expiry().filter(|_| is_there);
                return put_back(is_there, expiry, &items.unwrap_or_default(), out).map_err(|it| self.error(it));
            }
        }
        Err(self.error(Failure::Busy))
    }
}

/// Puts items before all other elements of a value, as they would go back to it.
fn put_back(
    is_there: bool,
    expiry: Option<Expiry>,
    items: &[ConsumedItem],
    out: &mut Vec<u8>,
) -> std::result::Result<WithItems, Failure> {
    let value = WithItems { is_there, expiry, items: items.len(), left_out: 0 };
    if items.is_empty() {
        return Ok(value);
    }
    let kind = is_there.then(|| list::kind(&out[..out.len().min(PEEK)]));
    if kind == Some(Kind::Other) {
        return Ok(WithItems { items: 0, left_out: items.len(), ..value });
    }
    // (With a list that is gone, its items expire.)
    let now = Now::read();
    let has_expired = |item: &&ConsumedItem| kind.is_none() && item.expiry.is_some_and(|expiry| expiry.has_come(now));
    let items: Vec<_> = items.iter().filter(|item| !has_expired(item)).collect();
    let Some(last) = items.last() else { return Ok(WithItems { items: 0, ..value }) };
    let expiry = if is_there { expiry } else { last.expiry };
    if matches!(kind, None | Some(Kind::Null)) {
        *out = list::empty_list().to_vec();
    }
    for item in items.iter().rev() {
        out.extend(list::put_first(item.item()).ok_or(Failure::NoMemory(out.len() as u64))?);
    }
    Ok(WithItems { is_there: true, expiry, items: items.len(), left_out: 0 })
}
