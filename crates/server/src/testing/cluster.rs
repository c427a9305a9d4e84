//! A cluster of a test's own.

use super::super::address::{Address, Host};
use super::super::failure::Failure;
use super::super::message::Value;
use super::super::refusal::Reason;
use super::redis::{Encryption, Redis, at_free_port, until};
use std::time::{Duration, Instant};

/// The number of slots of a cluster.
const SLOTS: usize = 16384;
/// The number of keys that go to another node at once.
const AT_ONCE: &str = "100";
/// The time after which a take-over that was asked for has surely been given up.
const GIVEN_UP: Duration = Duration::from_secs(7);

/// Three masters, with all slots among them, and replicas.
pub struct Cluster {
    /// The masters, and then the replicas: the first one that of the first master.
    pub nodes: Vec<Redis>,
    ids: Vec<String>,
}

impl Cluster {
    /// Starts three masters and so many replicas.
    pub fn start(replicas: usize) -> Self {
        Self::start_with(None, replicas)
    }

    /// The same; all of them speak TLS where they are told how.
    pub fn start_with(encryption: Option<&Encryption>, replicas: usize) -> Self {
        let node = |_| {
            at_free_port(|bus| {
                // (The port of the bus is found free in the same way, and is the other one's where both come to be the same.)
                let bus = bus.to_string();
                let options = ["--cluster-enabled", "yes", "--cluster-port", &bus, "--cluster-node-timeout", "2000"];
                let more = ["--repl-diskless-sync-delay", "0", "--cluster-replica-validity-factor", "0"];
                let redis = Redis::start_at_port_with(encryption, &[&options[..], &more].concat());
                Some((redis, bus))
            })
        };
        let (nodes, buses): (Vec<_>, Vec<_>) = (0..3 + replicas).map(node).unzip();
        let ids = nodes.iter().map(|node| node.lines(&["CLUSTER", "MYID"]).concat()).collect();
        let cluster = Self { nodes, ids };
        for (at, (node, bus)) in cluster.nodes.iter().zip(&buses).enumerate() {
            node.tell(&["CLUSTER", "SET-CONFIG-EPOCH", &(at + 1).to_string()]);
            cluster.nodes[0].tell(&["CLUSTER", "MEET", "127.0.0.1", &node.port().to_string(), bus]);
        }
        for (at, node) in cluster.nodes[..3].iter().enumerate() {
            let (first, last) = (at * SLOTS / 3, (at + 1) * SLOTS / 3 - 1);
            node.tell(&["CLUSTER", "ADDSLOTSRANGE", &first.to_string(), &last.to_string()]);
        }
        until("all nodes know each other", || {
            cluster.nodes.iter().all(|node| {
                let known = |id: &String| node.lines(&["CLUSTER", "NODES"]).iter().any(|line| line.starts_with(&**id));
                cluster.ids.iter().all(known)
            })
        });
        for (at, replica) in cluster.nodes[3..].iter().enumerate() {
            replica.tell(&["CLUSTER", "REPLICATE", &cluster.ids[at]]);
            let has = |line: &str| replica.lines(&["INFO", "replication"]).iter().any(|its| its == line);
            until("the replica has all", || has("role:slave") && has("master_link_status:up"));
        }
        cluster.settle();
        cluster
    }

    /// Waits until all nodes that live say that all is well.
    pub fn settle(&self) {
        until("the cluster is well", || {
            let is_well = |node: &Redis| node.lines(&["CLUSTER", "INFO"]).iter().any(|line| line == "cluster_state:ok");
            self.nodes.iter().filter(|node| node.is_running()).all(is_well)
        });
    }

    /// The address of a store, by some nodes, with some text behind the hosts.
    pub fn address(&self, nodes: &[usize], options: &str) -> Address {
        let hosts: Vec<Host> = nodes.iter().map(|at| self.nodes[*at].host()).collect();
        let hosts: Vec<_> = hosts.iter().map(|host| format!("{}:{}", host.name, host.port)).collect();
        let text = format!("redis+cluster://{}{options}", hosts.join(","));
        Address::parse(text.as_bytes()).unwrap_or_else(|error| panic!("{text}: {error}"))
    }

    /// The node that has the store with a prefix.
    pub fn node_of(&self, prefix: &str) -> usize {
        let key = format!("{{{prefix}}}:v:x");
        let has = |node: &Redis| node.is_running() && node.ask(&["GET", &key]).is_ok();
        self.nodes.iter().position(has).expect("a node that has the slot")
    }

    /// Has a replica take over from the node that has a store.
    pub fn fail_over(&self, prefix: &str, to: usize) {
        let mut asked: Option<Instant> = None;
        until("the replica takes over", || {
            // (A node gives up after five seconds, as where the other one was late.)
            if asked.is_none_or(|asked| asked.elapsed() > GIVEN_UP) {
                let _ = self.nodes[to].ask(&["CLUSTER", "FAILOVER"]);
                asked = Some(Instant::now());
            }
            self.node_of(prefix) == to
        });
    }

    fn slot_of(&self, prefix: &str) -> String {
        let Value::Integer(slot) = self.nodes[0].tell(&["CLUSTER", "KEYSLOT", prefix]) else { panic!("no slot") };
        slot.to_string()
    }

    /// The slot of a store begins to go to another node.
    pub fn begin_to_move(&self, prefix: &str, from: usize, to: usize) {
        let slot = self.slot_of(prefix);
        self.nodes[to].tell(&["CLUSTER", "SETSLOT", &slot, "IMPORTING", &self.ids[from]]);
        self.nodes[from].tell(&["CLUSTER", "SETSLOT", &slot, "MIGRATING", &self.ids[to]]);
    }

    /// Some keys go.
    pub fn move_keys(&self, keys: &[&str], from: usize, to: usize) {
        let port = self.nodes[to].port().to_string();
        let words = [&["MIGRATE", "127.0.0.1", &port, "", "0", "20000", "KEYS"], keys].concat();
        self.nodes[from].tell(&words);
    }

    /// All keys that are left go. False: there was none.
    pub fn move_all_keys(&self, prefix: &str, from: usize, to: usize) -> bool {
        let slot = self.slot_of(prefix);
        let mut moves = false;
        loop {
            let Value::List(keys) = self.nodes[from].tell(&["CLUSTER", "GETKEYSINSLOT", &slot, AT_ONCE]) else {
                panic!("no keys")
            };
            let keys: Vec<_> =
                keys.iter().map(|key| std::str::from_utf8(key.text().expect("a key")).expect("text")).collect();
            if keys.is_empty() {
                return moves;
            }
            self.move_keys(&keys, from, to);
            moves = true;
        }
    }

    /// The slot stays, and the keys that have gone come back.
    pub fn take_back(&self, prefix: &str, from: usize, to: usize) {
        let slot = self.slot_of(prefix);
        self.nodes[from].tell(&["CLUSTER", "SETSLOT", &slot, "STABLE"]);
        self.move_all_keys(prefix, to, from);
        self.nodes[to].tell(&["CLUSTER", "SETSLOT", &slot, "STABLE"]);
    }

    /// The slot is the other node's from now on, and all know.
    pub fn end_move(&self, prefix: &str, from: usize, to: usize) {
        let slot = self.slot_of(prefix);
        let others = (0..self.nodes.len()).filter(|at| *at != from && *at != to);
        for at in [to, from].into_iter().chain(others) {
            match self.nodes[at].ask(&["CLUSTER", "SETSLOT", &slot, "NODE", &self.ids[to]]) {
                // (Replicas hear it from their masters.)
                Err(Failure::Refused(refusal)) if refusal.reason == Reason::Other && at >= 3 => {}
                told => drop(told.expect("the slot is the node's")),
            }
        }
    }

    /// All of that at once.
    pub fn move_slot(&self, prefix: &str, from: usize, to: usize) {
        self.begin_to_move(prefix, from, to);
        self.move_all_keys(prefix, from, to);
        self.end_move(prefix, from, to);
    }
}
