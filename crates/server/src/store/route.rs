//! The way to the server that has a store: straight, by sentinels, or by the nodes of a cluster, each of which may send us on.

use super::layout::Keys;
use super::link::Link;
use crate::address::{Address, Host, Place, Server};
use crate::connection::{Connection, Endpoint, OpeningTime};
use crate::failure::{Cause, NoConnection};
use crate::message::Value;
use crate::refusal::{Node, Reason, Refusal};
use std::time::Instant;

/// How often nodes may send us on to other ones.
const HOPS: usize = 5;

/// Connects to the server that has the store. More may be asked over it first, before it is [ready](Connection::is_ready).
pub fn open(address: &Address, keys: &Keys, until: Instant) -> Result<Link, NoConnection> {
    let time = OpeningTime::new(&address.server, until);
    match &address.server.place {
        Place::Host { host, .. } => follow(Endpoint::Host(host.clone()), address, keys, time),
        Place::Socket(path) => follow(Endpoint::Socket(path.clone()), address, keys, time),
        Place::Sentinel { sentinels, master, .. } => ask_sentinels(sentinels, master, address, keys, time),
        Place::Cluster { nodes, .. } => {
            let mut failure = None;
            for (index, node) in nodes.iter().enumerate() {
                let time = time.shared_by(nodes.len() - index);
                match follow(Endpoint::Host(node.clone()), address, keys, time) {
                    Ok(link) => return Ok(link),
                    Err(error) => failure = Some(graver(failure, error)),
                }
            }
            Err(failure.unwrap_or(NoConnection::Lost(Cause::Closed)))
        }
    }
}

/// The one of two failures that says more: a server that is late comes, and one that was not reached may just be gone.
fn graver(before: Option<NoConnection>, after: NoConnection) -> NoConnection {
    match before {
        Some(before) if before.may_pass() || matches!(after, NoConnection::Unreachable(_)) => before,
        _ => after,
    }
}

/// Connects to a server, or to the one to which it sends us on.
fn follow(mut endpoint: Endpoint, address: &Address, keys: &Keys, time: OpeningTime) -> Result<Link, NoConnection> {
    let mut hops = 0;
    loop {
        let error = match open_at(&endpoint, address, keys, time) {
            Ok(link) => return Ok(link),
            Err(error) => error,
        };
        let next = match (&error, &endpoint) {
            (NoConnection::Refused(Refusal { reason: Reason::Moved(_, Some(node)), .. }), from) => match (node, from) {
                (Node::At(host), _) => Some(Endpoint::Host(host.clone())),
                (Node::SameHost(port), Endpoint::Host(host)) => {
                    Some(Endpoint::Host(Host { port: *port, ..host.clone() }))
                }
                (Node::SameHost(_), Endpoint::Socket(_)) => None,
            },
            _ => None,
        };
        match (next, endpoint) {
            (Some(next), _) if hops < HOPS => endpoint = next,
            (_, Endpoint::Host(host)) if hops > 0 => return Err(NoConnection::At(host, Box::new(error))),
            _ => return Err(error),
        }
        hops += 1;
    }
}

fn open_at(endpoint: &Endpoint, address: &Address, keys: &Keys, time: OpeningTime) -> Result<Link, NoConnection> {
    let connection = Connection::open_within(endpoint, &address.server, time)?;
    let greeting = connection.greeting();
    if greeting.mode == "sentinel" {
        return Err(NoConnection::IsSentinel);
    }
    // (Sentinels may be the last to know.)
    if matches!(address.server.place, Place::Sentinel { .. }) && greeting.role != "master" {
        return Err(NoConnection::NotMaster);
    }
    Ok(Link::greet(connection, address, keys)?)
}

/// Connects to the master, as the first of the sentinels names it whose word is true.
fn ask_sentinels(
    sentinels: &[Host],
    master: &[u8],
    address: &Address,
    keys: &Keys,
    time: OpeningTime,
) -> Result<Link, NoConnection> {
    let mut tried: Vec<(Host, NoConnection)> = Vec::new();
    let (mut answers, mut silent) = (false, None);
    for (index, sentinel) in sentinels.iter().enumerate() {
        match ask_sentinel(sentinel, master, &address.server, time.shared_by(sentinels.len() - index)) {
            Ok(Some(host)) if tried.iter().any(|(its, _)| *its == host) => {}
            Ok(Some(host)) => match follow(Endpoint::Host(host.clone()), address, keys, time) {
                Ok(link) => return Ok(link),
                Err(error) => tried.push((host, error)),
            },
            Ok(None) => answers = true,
            // (That is true of all.)
            Err(NoConnection::NoTls) => return Err(NoConnection::NoTls),
            Err(error) => silent = Some((sentinel, error)),
        }
    }
    let failures = tried.into_iter().map(|(host, error)| NoConnection::At(host, Box::new(error)));
    // (One that passes, if there is one.)
    Err(match (failures.reduce(|before, after| if before.may_pass() { before } else { after }), silent) {
        (Some(failure), _) => failure,
        (None, Some((host, error))) if !answers => NoConnection::NoSentinel(host.clone(), Box::new(error)),
        (None, _) => NoConnection::UnknownMaster,
    })
}

/// Asks a sentinel for the master of a name; `None`: it knows none.
fn ask_sentinel(
    sentinel: &Host,
    master: &[u8],
    server: &Server,
    time: OpeningTime,
) -> Result<Option<Host>, NoConnection> {
    let endpoint = Endpoint::Host(sentinel.clone());
    // Sentinels have no databases, and mostly no log-in. One that wants a log-in is given the store's.
    let bare = Server {
        user: None,
        password: None,
        database: 0,
        timeout: server.timeout.min(server.connect_timeout),
        ..server.clone()
    };
    let mut connection = match Connection::open_within(&endpoint, &bare, time) {
        Err(NoConnection::Refused(Refusal { reason: Reason::NoAuth, .. })) if server.password.is_some() => {
            let login = Server { user: server.user.clone(), password: server.password.clone(), ..bare };
            Connection::open_within(&endpoint, &login, time)?
        }
        opened => opened?,
    };
    match connection.ask(&[b"SENTINEL", b"GET-MASTER-ADDR-BY-NAME", master], &mut |_| ()) {
        Ok(Value::List(parts)) => {
            let text = |at: usize| parts.get(at).and_then(Value::text).map(String::from_utf8_lossy);
            let port = text(1).and_then(|port| port.parse().ok()).filter(|port| *port != 0);
            Ok(text(0).zip(port).map(|(name, port)| Host { name: name.into_owned(), port }))
        }
        Ok(_) => Ok(None),
        Err(failure) => Err(failure.into()),
    }
}
