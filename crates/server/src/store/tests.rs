//! The tests that every store has to pass, on a server of their own.

use super::ServerStore;
use crate::testing::Redis;
use sync_backend::testing::{Fixture, fiber};

mod names;

/// A store on a server, which allows its user what the manual says, and no more.
struct Place {
    redis: Redis,
}

impl Fixture for Place {
    type Store = ServerStore;

    fn new() -> Self {
        let redis = Redis::start(&[]);
        let manual = include_str!("../../../../docs/server.md");
        let rule = manual.lines().find(|line| line.starts_with("ACL SETUSER app ")).expect("the manual has a rule");
        let words: Vec<&[u8]> = rule.split(' ').map(str::as_bytes).collect();
        redis.connect().ask(&words, &mut |_| ()).expect("the rule is one");
        Self { redis }
    }

    fn handle(&self) -> ServerStore {
        ServerStore::new(&self.redis.address("app:secret", "?prefix=app"), fiber)
    }
}

sync_backend::backend_tests!(Place);

/// The same, over encrypted connections.
#[cfg(feature = "tls")]
mod encrypted {
    use super::super::ServerStore;
    use crate::testing::{Authority, EncryptedRedis, Validity};
    use sync_backend::testing::{Fixture, fiber};

    /// A store on a server.
    struct Place {
        authority: Authority,
        server: EncryptedRedis,
    }

    impl Fixture for Place {
        type Store = ServerStore;

        fn new() -> Self {
            let authority = Authority::new();
            let certificate = authority.certify("server", &["localhost"], Validity::Now);
            let server = EncryptedRedis::start(&authority, &certificate, &[]);
            Self { authority, server }
        }

        fn handle(&self) -> ServerStore {
            let address = self.server.address("localhost", &format!("?ca={}", self.authority.ca().display()));
            ServerStore::new(&address, fiber)
        }
    }

    sync_backend::backend_tests!(Place);
}
