//! Lists in memory, taken apart.

use crate::list::{self, Patch, Walk};

/// A list without its first element, and that.
pub struct Split {
    pub first: Option<Vec<u8>>,
    pub rest: Vec<u8>,
    pub length: u64,
}

/// Takes a list apart; `None` where that cannot be done.
pub fn split(bytes: &[u8]) -> Option<Split> {
    let mut walk = Walk::new(bytes, 0, bytes.len() as u64);
    let inside = walk.list()?;
    let mut elements = Vec::new();
    for number in 0..inside {
        let from = walk.at();
        walk.skip()?;
        elements.push((u64::from(number), from as usize..walk.at() as usize));
    }
    (!walk.refers()).then_some(())?;
    while !walk.is_over() {
        let Patch::Put { number, from, to } = walk.patch()? else { return None };
        (number == elements.len() as u64).then_some(())?;
        elements.push((number, from as usize..to as usize));
    }
    let left = elements.len().saturating_sub(1) as u64;
    let mut rest = list::Head::of_list(inside.saturating_sub(1)).bytes().to_vec();
    for (number, element) in elements.iter().skip(1) {
        if *number >= inside.into() {
            rest.extend_from_slice(list::Head::of_put(number - 1).bytes());
        }
        rest.extend_from_slice(&bytes[element.clone()]);
    }
    Some(Split { first: elements.first().map(|(_, at)| bytes[at.clone()].to_vec()), rest, length: left })
}
