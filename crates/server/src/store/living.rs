//! Whether connections of the server still stand: an owner whose connection has ended owns nothing any more.
//!
//! `CLIENT LIST ID` says so. It is an administrator's command, which many services keep from their users: for these there is a [`probe`].

use super::error::ErrorKind;
use super::handle::ServerStore;
use super::mark::Owner;
use super::probe::{NOBODY, is_gone, probe};
use super::space::Space;
use crate::batch::Batch;
use crate::message::Value;

/// The number of the client that a line of `CLIENT LIST` is about.
fn client_of(line: &[u8]) -> Option<i64> {
    let id = line.strip_prefix(b"id=")?;
    std::str::from_utf8(id.split(|byte| *byte == b' ').next()?).ok()?.parse().ok()
}

impl ServerStore {
    /// Whether the connection of an owner has ended. False where the server does not say.
    pub(super) fn is_dead(&self, owner: &Owner) -> bool {
        !self.dead(std::iter::once(owner)).is_empty()
    }

    /// The owners among these whose connections have ended. None where the server does not say: a replica knows nothing of the connections of its
    /// master, of which it has the marks.
    pub(super) fn dead<'a>(&self, owners: impl Iterator<Item = &'a Owner> + Clone) -> Vec<&'a Owner> {
        let Ok((client, run)) = self.space.identity() else { return Vec::new() };
        // (A user may be kept from seeing the run: of owners that were, and for those that are, the number alone counts. So a lock may outlast an owner
        // of another run, and is never taken from one that lives.)
        let is_of_this_run = |owner: &Owner| {
            let is_unseen = (run.is_empty() || owner.run.is_empty()) && owner.client != client;
            owner.client != 0 && (is_unseen || owner.run == run)
        };
        let mut asked: Vec<i64> =
            owners.clone().filter(|owner| is_of_this_run(owner)).map(|owner| owner.client).collect();
        asked.retain(|its| *its != client);
        asked.sort_unstable();
        asked.dedup();
        let standing = if asked.is_empty() { Some(Vec::new()) } else { self.space.standing(client, &asked) };
        let stands = |owner: &Owner| {
            owner.client == client || standing.as_ref().is_none_or(|standing| standing.contains(&owner.client))
        };
        let is_nobodys = |owner: &&Owner| owner.client == 0;
        let knows_others =
            owners.clone().all(|owner| is_of_this_run(owner) || is_nobodys(&owner)) || self.space.is_master();
        let is_dead = |owner: &&Owner| {
            if is_of_this_run(owner) { !stands(owner) } else { is_nobodys(owner) || knows_others }
        };
        owners.filter(is_dead).collect()
    }
}

impl Space {
    /// Whether the server is none that copies another one. What owners of other runs had ended when it became so, or was started.
    fn is_master(&self) -> bool {
        let role = self.ask(&[b"HELLO"]).ok();
        role.is_some_and(|greeting| {
            let role = greeting.get("role").and_then(Value::text);
            role.is_none_or(|role| role == b"master")
        })
    }

    /// The connections among these that stand; `None`: the server does not say. `own`: the number of this one.
    fn standing(&self, own: i64, asked: &[i64]) -> Option<Vec<i64>> {
        if !self.hides_clients() {
            let ids: Vec<String> = asked.iter().map(i64::to_string).collect();
            let words = [&b"CLIENT"[..], b"LIST", b"ID"].into_iter().chain(ids.iter().map(String::as_bytes));
            match self.ask(&words.collect::<Vec<_>>()) {
                Ok(Value::Text(list)) => {
                    return Some(list.split(|byte| *byte == b'\n').filter_map(client_of).collect());
                }
                Err(ErrorKind::Refused(refusal)) if !refusal.may_pass() => self.remember_hidden_clients(),
                _ => return None,
            }
        }
        // (The first two are known: a server that tells them apart can be believed about the others.)
        let ids: Vec<i64> = [own, NOBODY].into_iter().chain(asked.iter().copied()).collect();
        let texts: Vec<String> = ids.iter().map(i64::to_string).collect();
        let mut batch = Batch::new();
        texts.iter().for_each(|id| batch.add(&probe(id.as_bytes())));
        let mut are_gone = Vec::with_capacity(ids.len());
        let mut inner = self.inner();
        inner
            .exchange(self, &batch, &mut |_, answer, _| {
                are_gone.push(is_gone(&answer));
                Ok(())
            })
            .ok()?;
        let ([false, true], others) = are_gone.split_first_chunk()? else { return None };
        Some(asked.iter().zip(others).filter(|(_, is_gone)| !**is_gone).map(|(client, _)| *client).collect())
    }
}
