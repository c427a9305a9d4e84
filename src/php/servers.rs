//! Servers that are known: those that values may name, and those that the program has logged in to.

use std::cell::RefCell;

use super::handle::{Address, Host, Place, ServerAccess};

/// The servers that the program of this request has named with a password, or with files of their encryption.
#[derive(Default)]
pub struct Logins {
    known: RefCell<Vec<ServerAccess>>,
}

impl Logins {
    /// The same server, with the password for this user; `None`: it has not been named with one.
    pub fn find(&self, server: &ServerAccess) -> Option<ServerAccess> {
        let known = self.known.borrow();
        let password = known.iter().find(|known| is_same(known, server))?.password.clone()?;
        Some(ServerAccess { password: Some(password), ..server.clone() })
    }

    /// Whether the server has been named with these files.
    pub fn has(&self, server: &ServerAccess) -> bool {
        self.known.borrow().iter().any(|known| is_same(known, server))
    }

    /// Notes it; the newest password of a user counts.
    pub fn note(&self, server: &ServerAccess) {
        if server.password.is_none() && self.has(server) {
            return;
        }
        let mut known = self.known.borrow_mut();
        known.retain(|known| !is_same(known, server));
        known.push(server.clone());
    }

    /// Forgets everything.
    pub fn reset(&self) {
        self.known.take();
    }
}

/// Whether both are the same server and user. A password is for those alone for whom the program's own files vouch.
fn is_same(one: &ServerAccess, other: &ServerAccess) -> bool {
    one.place == other.place && one.user == other.user && one.tls == other.tls
}

/// The ends that values may name, as `sync.servers` lists them.
#[derive(Debug, Default, PartialEq)]
pub struct Servers(Vec<Place>);

impl Servers {
    /// Reads hosts (`host` or `host:port`) and paths of sockets, with commas between. `None`: one of them is neither.
    pub fn listed(text: &[u8]) -> Option<Self> {
        let ends = text.split(|&byte| byte == b',').map(<[u8]>::trim_ascii).filter(|end| !end.is_empty());
        ends.map(Self::end).collect::<Option<_>>().map(Self)
    }

    fn end(text: &[u8]) -> Option<Place> {
        let scheme: &[u8] = match text {
            [b'/', ..] => b"unix://",
            _ if text.contains(&b'/') => return None,
            _ => b"redis://",
        };
        // Nothing that is no part of an end, such as a password, which phpinfo() would show.
        let is_bare = !text.iter().any(|byte| matches!(byte, b'@' | b'?'));
        is_bare.then(|| Address::parse(&[scheme, text].concat()).ok())?.map(|address| address.server.place)
    }

    /// Whether these are all ends at which a place begins.
    pub fn cover(&self, place: &Place) -> bool {
        let has =
            |wanted: &Host| self.0.iter().any(|place| matches!(place, Place::Host { host, .. } if host == wanted));
        match place {
            Place::Host { host, .. } => has(host),
            Place::Socket(_) => self.0.contains(place),
            Place::Sentinel { sentinels: hosts, .. } | Place::Cluster { nodes: hosts, .. } => hosts.iter().all(has),
        }
    }
}
