//! Names in their order, and parts of it.

use super::cache::Known;
use crate::message::Value;
use std::rc::Rc;

/// A name in the order.
#[derive(Debug)]
pub struct Named {
    /// The key of its value, which ends with the name.
    pub key: Box<[u8]>,
    pub start: usize,
    /// Its place.
    pub place: u64,
    /// Its number in the cache.
    pub slot: u32,
}

impl Named {
    /// The name.
    pub fn name(&self) -> &[u8] {
        &self.key[self.start..]
    }
}

/// Names in their order.
pub type Order = Rc<Vec<Named>>;

/// Names in their order, and what they have, as of one moment.
#[derive(Debug)]
pub struct Everything {
    pub order: Order,
    /// Those that have something, by their index in the order.
    pub found: Vec<(u32, Known)>,
    /// Until it changes, as far as the server tells of that; `None`: it does not.
    pub content: Option<u64>,
}

impl Everything {
    /// The names, and what they have.
    pub fn iter(&self) -> impl Iterator<Item = (&Named, &Known)> {
        self.found.iter().map(|(at, known)| (&self.order[*at as usize], known))
    }
}

/// The names that are asked for.
#[derive(Debug, Clone, Copy)]
pub enum Part<'a> {
    /// All.
    All,
    /// So many, from the first one on that begins like this and is behind this place.
    Page { prefix: &'a [u8], after: Option<u64>, limit: usize },
}

impl Part<'_> {
    /// The indices of its names in an order. `skipped`: so many of them have turned out to have nothing.
    pub fn of(self, order: &Order, skipped: usize) -> Vec<u32> {
        let all = 0..u32::try_from(order.len()).expect("a store has fewer than 2^32 names");
        match self {
            Self::All => all.collect(),
            Self::Page { prefix, after, limit } => {
                let first = after.map_or(0, |after| order.partition_point(|named| named.place <= after)) as u32;
                let is_one = |at: &u32| order[*at as usize].name().starts_with(prefix);
                (first..all.end).filter(is_one).take(limit.saturating_add(skipped)).collect()
            }
        }
    }
}

/// How many names there are.
#[derive(Debug, Clone, Copy)]
pub struct Count {
    pub names: u64,
    /// When the first one of them expires, by the server's clock (ms); 0: none does.
    pub until: u64,
}

/// A place in the order: a score, as a number or its digits.
pub fn score_in(value: &Value) -> Option<u64> {
    match value {
        Value::Double(place) => Some(*place as u64),
        Value::Integer(place) => u64::try_from(*place).ok(),
        Value::Text(digits) => std::str::from_utf8(digits).ok()?.parse().ok(),
        _ => None,
    }
}
