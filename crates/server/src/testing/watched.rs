//! A master and its replica, with sentinels that watch them.

use super::super::address::{Address, Host};
use super::super::message::Value;
use super::redis::{Encryption, Redis, until};

/// The name of the master for the sentinels.
const NAME: &str = "main";

/// A master and its replica, with sentinels that watch them.
pub struct Watched {
    /// Both; the first one is the master at first.
    pub servers: [Redis; 2],
    /// The sentinels.
    pub sentinels: Vec<Redis>,
}

impl Watched {
    /// Starts them, with more options for the command line of the servers and more lines for the configuration of the sentinels.
    pub fn start(sentinels: usize, options: &[&str], lines: &str) -> Self {
        Self::start_with(None, sentinels, options, lines)
    }

    /// The same; all of them speak TLS where they are told how.
    pub fn start_with(encryption: Option<&Encryption>, sentinels: usize, options: &[&str], lines: &str) -> Self {
        let common = [&["--repl-diskless-sync-delay", "0", "--repl-ping-replica-period", "1"], options].concat();
        let master = Redis::start_at_port_with(encryption, &common);
        let of = format!("127.0.0.1 {}", master.port());
        let replica = Redis::start_at_port_with(encryption, &[&common[..], &["--replicaof", &of]].concat());
        let servers = [master, replica];
        let sentinels = (0..sentinels)
            .map(|_| Redis::start_sentinel_with(encryption, &Self::lines(&servers[0].host(), lines)))
            .collect();
        let watched = Self { servers, sentinels };
        watched.settle();
        watched
    }

    /// The lines of a sentinel's configuration by which it watches a master, with others behind them.
    pub fn lines(master: &Host, lines: &str) -> String {
        format!(
            "sentinel monitor {NAME} {} {} 1\nsentinel down-after-milliseconds {NAME} 3000\n\
             sentinel failover-timeout {NAME} 10000\n{lines}",
            master.name, master.port
        )
    }

    /// The address of a store, by these sentinels, with some text behind the database.
    pub fn address(&self, login: &str, options: &str) -> Address {
        Self::address_of(&self.sentinels.iter().map(Redis::host).collect::<Vec<_>>(), login, options)
    }

    /// The same, by any sentinels.
    pub fn address_of(sentinels: &[Host], login: &str, options: &str) -> Address {
        let hosts: Vec<_> = sentinels.iter().map(|host| format!("{}:{}", host.name, host.port)).collect();
        let at = if login.is_empty() { "" } else { "@" };
        let text = format!("redis+sentinel://{login}{at}{}/{NAME}/0{options}", hosts.join(","));
        Address::parse(text.as_bytes()).unwrap_or_else(|error| panic!("{text}: {error}"))
    }

    /// The port of the master, as a sentinel says.
    pub fn master(&self, sentinel: &Redis) -> Option<u16> {
        let Value::List(parts) = sentinel.tell(&["SENTINEL", "GET-MASTER-ADDR-BY-NAME", NAME]) else { return None };
        std::str::from_utf8(parts.get(1)?.text()?).ok()?.parse().ok()
    }

    /// Waits until all sentinels agree, and know a replica that could take over.
    pub fn settle(&self) {
        for sentinel in &self.sentinels {
            // (Not every ten seconds, as they are born.)
            sentinel.tell(&["SENTINEL", "DEBUG", "INFO-PERIOD", "200", "PING-PERIOD", "200", "PUBLISH-PERIOD", "200"]);
        }
        for sentinel in &self.sentinels {
            until("each sentinel knows the others, and a replica", || {
                let Value::List(all) = sentinel.tell(&["SENTINEL", "REPLICAS", NAME]) else { return false };
                let is_well = |replica: &Value| {
                    let text = |name| replica.get(name).and_then(Value::text).unwrap_or_default();
                    text("master-link-status") == b"ok" && text("flags") == b"slave"
                };
                let Value::List(others) = sentinel.tell(&["SENTINEL", "SENTINELS", NAME]) else { return false };
                all.iter().any(is_well) && others.len() + 1 == self.sentinels.len()
            });
        }
    }

    /// Has the sentinels make the replica the master, and waits until all say so.
    pub fn fail_over(&self) {
        let before = self.master(&self.sentinels[0]);
        until("a fail-over begins", || self.sentinels[0].ask(&["SENTINEL", "FAILOVER", NAME]).is_ok());
        self.awaits_another(before);
    }

    /// Waits until all sentinels name another master than this one.
    pub fn awaits_another(&self, before: Option<u16>) {
        let is_new = |sentinel: &Redis| self.master(sentinel).is_some_and(|port| Some(port) != before);
        until("all sentinels name another master", || self.sentinels.iter().all(is_new));
    }

    /// Has a sentinel watch another master from now on.
    pub fn point(sentinel: &Redis, master: &Host) {
        // (It may watch none.)
        let _ = sentinel.ask(&["SENTINEL", "REMOVE", NAME]);
        sentinel.tell(&["SENTINEL", "MONITOR", NAME, &master.name, &master.port.to_string(), "1"]);
    }

    /// The server at a port.
    pub fn at(&self, port: Option<u16>) -> &Redis {
        self.servers.iter().find(|server| Some(server.port()) == port).expect("a server of these")
    }
}
