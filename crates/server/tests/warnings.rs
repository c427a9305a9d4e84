//! The look at a server that a process meets: settings by which it would lose values, and rights that its user lacks.

use std::thread;
use sync_backend::Backend;
use sync_server::testing::{Redis, put, read, until};
use sync_server::{Address, ServerStore, ServerVersion};

fn on(redis: &Redis) -> ServerStore {
    ServerStore::new(&redis.address("", ""), || 0)
}

/// A server that a thread has not met, by a user of its own.
fn warning(redis: &Redis, login: &str) -> Option<String> {
    warning_with(redis, login, "")
}

/// The same, with more options of the address.
fn warning_with(redis: &Redis, login: &str, options: &str) -> Option<String> {
    let address = redis.address(login, &format!("?prefix=app{options}"));
    thread::spawn(move || {
        let store = ServerStore::new(&address, || 0);
        put(&store, b"a", &[1]);
        let warning = store.take_warning();
        assert_eq!(store.take_warning(), None, "told once");
        // Nor does another store on that server tell it again.
        let other = ServerStore::new(&Address { prefix: b"other".to_vec(), ..address }, || 0);
        let _ = other.len();
        assert_eq!(other.take_warning(), None);
        warning
    })
    .join()
    .unwrap()
}

#[test]
fn a_server_that_would_lose_values_is_warned_of_once() {
    let mut redis = Redis::start(&["--maxmemory", "100mb", "--maxmemory-policy", "allkeys-lru"]);
    let told = warning(&redis, "").unwrap();
    assert!(told.contains("removes any property") && told.contains("is allkeys-lru"), "{told}");
    let set = |redis: &Redis, name: &[u8], value: &[u8]| {
        redis.connect().ask(&[b"CONFIG", b"SET", name, value], &mut |_| ()).unwrap();
    };
    set(&redis, b"maxmemory-policy", b"volatile-ttl");
    assert!(warning(&redis, "").unwrap().contains("expire before their time"));
    // Without a limit nothing is ever removed.
    set(&redis, b"maxmemory", b"0");
    assert_eq!(warning(&redis, ""), None);
    set(&redis, b"maxmemory", b"100mb");
    set(&redis, b"maxmemory-policy", b"noeviction");
    assert_eq!(warning(&redis, ""), None);
    // A server that was started anew may have other settings.
    let store = on(&redis);
    put(&store, b"a", &[1]);
    assert_eq!(store.take_warning(), None);
    redis.kill();
    redis.start_again();
    until("the server is there again", || store.len().is_ok());
    assert!(store.take_warning().unwrap().contains("allkeys-lru"));
}

#[test]
fn a_user_who_lacks_rights_is_told_which() {
    let redis = Redis::start(&["--maxmemory", "100mb", "--maxmemory-policy", "allkeys-lru"]);
    let user = |name: &str, rights: &str| {
        let words = ["ACL", "SETUSER", name, "on", ">secret", "~{app}:*", "resetchannels"];
        let words: Vec<&[u8]> = words.into_iter().chain(rights.split(' ')).map(str::as_bytes).collect();
        redis.connect().ask(&words, &mut |_| ()).unwrap();
        format!("{name}:secret")
    };
    // The rule of the manual.
    let manual = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/server.md")).unwrap();
    let rule = manual.lines().find_map(|line| line.strip_prefix("ACL SETUSER app on >secret ~{app}:* resetchannels "));
    let rule = rule.unwrap();
    let told = warning(&redis, &user("full", rule)).unwrap();
    assert!(told.contains("allkeys-lru") && !told.contains("refuses"), "{told}");

    let told = warning(&redis, &user("one", &rule.replace(" +info", ""))).unwrap();
    assert!(told.contains("refuses INFO, so") && told.ends_with("ACL SETUSER one +info"), "{told}");
    let told = warning(&redis, &user("unlisted", &format!("{rule} -client|list"))).unwrap();
    assert!(!told.contains("refuses"), "{told}");
    let without = "-client|list -client|tracking";
    // (Without a cache nothing else needs tracking.)
    let told = warning_with(&redis, &user("two", &format!("{rule} {without}")), "&cache=0").unwrap();
    assert!(told.contains("refuses CLIENT LIST and CLIENT TRACKING, so"), "{told}");
    assert!(told.contains("allkeys-lru") && told.ends_with("ACL SETUSER two +client"), "{told}");
    let three = user("three", &format!("{} {without} +config", rule.replace(" +info", "")));
    let told = warning_with(&redis, &three, "&cache=0").unwrap();
    assert!(told.contains("refuses INFO, CLIENT LIST and CLIENT TRACKING"), "{told}");
    assert!(told.ends_with("three +info +client"), "{told}");
    // (By CONFIG.)
    assert!(told.contains("allkeys-lru"), "{told}");

    // In scripts: some of what changes need, or nothing of it.
    let told = warning(&redis, &user("four", &format!("{rule} -hdel -unlink"))).unwrap();
    assert!(
        told.contains("refuses HDEL, UNLINK in scripts, so") && told.ends_with("SETUSER four +hdel +unlink"),
        "{told}"
    );
    let reader = ServerStore::new(&redis.address(&user("reads", &rule.replace(" +@write", "")), "?prefix=app"), || 0);
    read(&reader, b"x").unwrap();
    assert!(!reader.take_warning().unwrap().contains("refuses"));
    let error = reader.put(b"x", &[1], &mut ServerVersion::default()).unwrap_err();
    assert!(error.to_string().contains("+@write"), "{error}");

    // The rights that an error names are those of the manual.
    let login = user("none", "-@all +hello");
    let error = ServerStore::new(&redis.address(&login, "?prefix=app"), || 0).len().unwrap_err().to_string();
    assert!(error.contains(rule), "{error}");
    let login = user("reader", &rule.replace(" +@scripting", ""));
    let reader = ServerStore::new(&redis.address(&login, "?prefix=app"), || 0);
    let error = reader.put(b"a", &[1], &mut ServerVersion::default()).unwrap_err().to_string();
    assert!(error.contains(rule), "{error}");
}
