use super::*;
use proptest::prelude::*;

fn parsed(text: &str) -> Address {
    Address::parse(text.as_bytes()).unwrap_or_else(|error| panic!("{text}: {error}"))
}

fn refused(text: &str) -> AddressError {
    match Address::parse(text.as_bytes()) {
        Ok(address) => panic!("{text} is read as {address}"),
        Err(error) => error,
    }
}

fn host(name: &str, port: u16) -> Host {
    Host { name: name.to_owned(), port }
}

#[test]
fn an_address_of_one_server_has_all_its_parts() {
    let address = parsed("redis://user:pass@host:6380/3?prefix=app&cache=0&connect_timeout=0.25&timeout=10");
    assert_eq!(address.server.place, Place::Host { host: host("host", 6380), tls: false });
    assert_eq!(address.server.user.as_deref(), Some(&b"user"[..]));
    assert_eq!(address.server.password.as_ref().map(Secret::expose), Some(&b"pass"[..]));
    assert_eq!(address.server.database, 3);
    assert_eq!(address.server.connect_timeout, Duration::from_millis(250));
    assert_eq!(address.server.timeout, Duration::from_secs(10));
    assert_eq!(address.prefix, b"app");
    assert!(!address.caches);
}

#[test]
fn a_short_address_means_the_defaults() {
    let address = parsed("redis://host");
    assert_eq!(address.server.place, Place::Host { host: host("host", 6379), tls: false });
    assert_eq!((&address.server.user, &address.server.password), (&None, &None));
    assert_eq!((address.server.database, address.caches, &address.prefix[..]), (0, true, &b"sync"[..]));
    assert_eq!((address.server.connect_timeout, address.server.timeout), (CONNECT_TIMEOUT, TIMEOUT));
    for same in ["REDIS://HOST/", "redis://host:6379/0", "redis://host?db=0", "redis://host/0?prefix=sync&cache=1"] {
        assert_eq!(parsed(same), address, "{same}");
    }
}

#[test]
fn the_other_kinds_of_address_name_their_places() {
    assert_eq!(parsed("rediss://h/1").server.place, Place::Host { host: host("h", 6379), tls: true });
    let socket = parsed("unix:///run/redis.sock?db=2&prefix=app");
    assert_eq!(socket.server.place, Place::Socket(PathBuf::from("/run/redis.sock")));
    assert_eq!((socket.server.database, &socket.prefix[..]), (2, &b"app"[..]));
    let sentinel = parsed("redis+sentinel://h1,h2:26380/master/4?prefix=app");
    assert_eq!(
        sentinel.server.place,
        Place::Sentinel {
            sentinels: vec![host("h1", 26379), host("h2", 26380)],
            master: b"master".to_vec(),
            tls: false
        }
    );
    assert_eq!(sentinel.server.database, 4);
    let cluster = parsed("rediss+cluster://h1:7000,[::1]:7001?prefix=app");
    assert_eq!(cluster.server.place, Place::Cluster { nodes: vec![host("h1", 7000), host("::1", 7001)], tls: true });
}

#[test]
fn percent_signs_stand_for_any_byte() {
    let address = parsed("redis://u%40s:%2f%3F%23%40%00%ff@h?prefix=a%26b%3d%20c");
    assert_eq!(address.server.user.as_deref(), Some(&b"u@s"[..]));
    assert_eq!(address.server.password.as_ref().map(Secret::expose), Some(&b"/?#@\0\xff"[..]));
    assert_eq!(address.prefix, b"a&b= c");
    assert_eq!(parsed("unix:///run/a%20b").server.place, Place::Socket(PathBuf::from("/run/a b")));
    // A plus sign is one, unlike in forms.
    assert_eq!(parsed("redis://h?prefix=a+b").prefix, b"a+b");
    for broken in ["redis://h?prefix=%", "redis://h?prefix=%4", "redis://:%zz@h", "redis://h?prefix=%+4", "unix:///%x"]
    {
        assert_eq!(refused(broken), AddressError::BrokenPercent, "{broken}");
    }
}

#[test]
fn a_password_needs_no_user_and_a_user_a_password() {
    let address = parsed("redis://:pass@h");
    assert_eq!((address.server.user, address.server.password), (None, Some(Secret::new(b"pass".to_vec()))));
    assert_eq!(parsed("redis://user:@h").server.password, Some(Secret::new(Vec::new())));
    assert_eq!(parsed("redis://user:a:b@h").server.password, Some(Secret::new(b"a:b".to_vec())));
    assert_eq!(parsed("unix://user:pass@/s").server.user, Some(b"user".to_vec()));
    assert_eq!(refused("redis://user@h"), AddressError::UserAlone);
}

#[test]
fn each_fault_has_its_sentence() {
    use AddressError::*;
    let long_socket = format!("unix:///{}", "s".repeat(107));
    let faults = [
        ("", NoScheme),
        ("/run/store", NoScheme),
        ("redis:host", NoScheme),
        ("http://host", NoScheme),
        ("redis://", NoHost),
        ("redis:///0", NoHost),
        ("redis://:6379", NoHost),
        ("redis+cluster://h,", NoHost),
        ("redis://h h", Unencoded),
        ("redis://h\n", Unencoded),
        ("redis://höst", Unencoded),
        ("redis://h/0#1", Unencoded),
        ("redis://u:a@b@h", StrayAt),
        ("redis://u:a/b@h", StrayAt),
        ("redis://u:a?b@h", StrayAt),
        ("redis://a%62", BadHost),
        ("redis://::1", NoHost),
        ("redis://1::1", BadPort),
        ("redis://[::1", BadHost),
        ("redis://[h]", BadHost),
        ("redis://h:", BadPort),
        ("redis://h:0", BadPort),
        ("redis://h:65536", BadPort),
        ("redis://h:+1", BadPort),
        ("redis://[::1]6379", BadPort),
        ("redis://a,b", ManyHosts),
        ("unix://run/redis.sock", HostOfSocket),
        ("unix:///", BadSocket),
        ("unix://", BadSocket),
        ("unix:///run/", BadSocket),
        ("unix:///a%00b", BadSocket),
        (&long_socket, BadSocket),
        ("redis+sentinel://h", NoMaster),
        ("redis+sentinel://h//0", NoMaster),
        ("redis://h/0/1", LongPath),
        ("redis+sentinel://h/m/0/1", LongPath),
        ("redis://h/x", BadDatabase),
        ("redis://h/-1", BadDatabase),
        ("redis://h/+1", BadDatabase),
        ("redis://h/4294967295", BadDatabase),
        ("redis://h?db=", BadDatabase),
        ("redis://h/0?db=0", TwoDatabases),
        ("redis+cluster://h/1", DatabaseOfCluster),
        ("redis+cluster://h?db=1", DatabaseOfCluster),
        ("redis://h?prefix=", BadPrefix),
        ("redis://h?prefix=a%7Db", BadPrefix),
        ("redis://h?ca=/ca.pem", FileWithoutTls),
        ("unix:///run/r.sock?cert=/c.pem", FileWithoutTls),
        ("rediss://h?ca=ca.pem", BadFile),
        ("rediss://h?ca=", BadFile),
        ("rediss://h?ca=/a%00b", BadFile),
        ("rediss://h?key=/k.pem", KeyAlone),
        ("rediss://h?ca=/a&ca=/b", RepeatedOption(2)),
        ("redis://h?cache=yes", BadCache),
        ("redis://h?timeout=0", BadTimeout),
        ("redis://h?timeout=-1", BadTimeout),
        ("redis://h?timeout=3601", BadTimeout),
        ("redis://h?connect_timeout=1e3", BadTimeout),
        ("redis://h?timeout=.", BadTimeout),
        ("redis://h?cache=1&password=x", UnknownOption(2)),
        ("redis://h?cache=1&", UnknownOption(2)),
        ("redis://h?cache=1&cache=0", RepeatedOption(2)),
    ];
    for (text, error) in faults {
        assert_eq!(refused(text), error, "{text}");
        let sentence = error.to_string();
        assert!(sentence.ends_with('.') && sentence.len() > 20, "{sentence}");
    }
    assert_eq!(Address::parse(b"redis://\xff"), Err(Unencoded));
}

#[test]
fn a_socket_may_have_the_longest_path_that_the_kernel_takes() {
    let path = format!("/{}", "s".repeat(106));
    assert_eq!(parsed(&format!("unix://{path}")).server.place, Place::Socket(PathBuf::from(path)));
}

#[test]
fn the_password_is_never_shown() {
    let address = parsed("redis://user:hunter2@h/0?prefix=app");
    assert_eq!(address.to_string(), "redis://user:***@h:6379/0?prefix=app");
    assert_eq!(format!("{address:?}"), address.to_string());
    assert_eq!(format!("{:?}", address.server), "redis://user:***@h:6379/0");
    assert_eq!(format!("{:#?}", address.server.password), "Some(\n    ***,\n)");
    assert_eq!(parsed("redis://:@h").to_string(), "redis://:***@h:6379/0");
}

/// One character too few, too many or another: the address means something else, or nothing. The password stays hidden.
#[test]
fn no_slip_of_the_pen_shows_the_password() {
    const PASSWORD: &str = "hunter2correcthorse";
    let shows = |text: &str| {
        let address = Address::parse(text.as_bytes());
        let shown = match &address {
            Ok(address) => format!("{address} {address:?} {:?}", address.server),
            Err(error) => format!("{error} {error:?}"),
        };
        PASSWORD.as_bytes().windows(5).any(|piece| shown.contains(std::str::from_utf8(piece).unwrap()))
    };
    for (before, behind) in [
        ("redis://user:", "@host:6379/0?prefix=app"),
        ("redis://:", "@host"),
        ("unix://user:", "@/run/redis.sock?db=0&prefix=app"),
        ("redis+sentinel://:", "@h1:26379,h2:26379/master/0"),
        ("redis+cluster://user:", "@h1:7000,h2:7001?prefix=app"),
    ] {
        let text = format!("{before}{PASSWORD}{behind}");
        assert!(!shows(&text));
        for at in 0..text.len() {
            let (head, tail) = text.split_at(at);
            assert!(!shows(&format!("{head}{}", &tail[1..])), "without character {at} of {text}");
            for other in " \n@/:?#%[],&=+.".chars() {
                assert!(!shows(&format!("{head}{other}{}", &tail[1..])), "{other:?} for character {at} of {text}");
                assert!(!shows(&format!("{head}{other}{tail}")), "{other:?} before character {at} of {text}");
            }
        }
    }
}

#[test]
fn servers_are_told_apart_by_everything_but_prefix_and_cache() {
    let server = |text: &str| parsed(text).server;
    let one = server("redis://u:p@h/1?prefix=a");
    assert_eq!(one, server("redis://u:p@H:6379/1?prefix=b&cache=0"));
    for other in [
        "rediss://u:p@h/1",
        "redis://v:p@h/1",
        "redis://u:q@h/1",
        "redis://:p@h/1",
        "redis://h/1",
        "redis://u:p@g/1",
        "redis://u:p@h:1/1",
        "redis://u:p@h/2",
        "redis://u:p@h/1?timeout=1",
        "redis://u:p@h/1?connect_timeout=1",
        "redis+cluster://u:p@h",
    ] {
        assert_ne!(one, server(other), "{other}");
    }
}

#[test]
fn an_encrypted_connection_may_name_its_files() {
    let files = |text: &str| parsed(text).server.tls;
    assert_eq!(files("rediss://h"), TlsFiles::default());
    let all = files("rediss+cluster://h?ca=/ca%20s.pem&cert=/c.pem&key=/k.pem");
    let paths = ["/ca s.pem", "/c.pem", "/k.pem"].map(|path| Some(PathBuf::from(path)));
    let [ca, cert, key] = paths.clone();
    assert_eq!(all, TlsFiles { ca, cert, key });
    assert!(all.paths().eq(paths.iter().flatten()));
    assert_ne!(parsed("rediss://h?ca=/a").server, parsed("rediss://h?ca=/b").server);
}

fn any_host() -> impl Strategy<Value = Host> {
    let name = prop_oneof![
        "[a-z0-9][a-z0-9._-]{0,12}",
        any::<std::net::Ipv4Addr>().prop_map(|number| number.to_string()),
        any::<std::net::Ipv6Addr>().prop_map(|number| number.to_string()),
    ];
    (name, 1..=u16::MAX).prop_map(|(name, port)| Host { name, port })
}

fn any_place() -> impl Strategy<Value = Place> {
    let hosts = || prop::collection::vec(any_host(), 1..4);
    let master = || prop::collection::vec(any::<u8>(), 1..12);
    prop_oneof![
        (any_host(), any::<bool>()).prop_map(|(host, tls)| Place::Host { host, tls }),
        "/[^\0/]{1,20}(/[^\0/]{1,6})?".prop_map(|path| Place::Socket(path.into())),
        (hosts(), master(), any::<bool>()).prop_map(|(sentinels, master, tls)| Place::Sentinel {
            sentinels,
            master,
            tls
        }),
        (hosts(), any::<bool>()).prop_map(|(nodes, tls)| Place::Cluster { nodes, tls }),
    ]
}

fn any_files() -> impl Strategy<Value = TlsFiles> {
    let file = || prop::option::of("/[^\0]{1,12}".prop_map(PathBuf::from));
    (file(), file(), file()).prop_map(|(ca, cert, key)| TlsFiles { ca, key: key.filter(|_| cert.is_some()), cert })
}

fn any_address() -> impl Strategy<Value = Address> {
    let user = prop::option::of(prop::collection::vec(any::<u8>(), 1..8));
    let prefix = prop::collection::vec(any::<u8>().prop_filter("a brace", |byte| !b"{}".contains(byte)), 1..12);
    let times = (1..=3_600_000_u64, 1..=3_600_000_u64);
    let database = 0..=i32::MAX as u32;
    (any_place(), user, database, prefix, any::<bool>(), times, any_files()).prop_map(
        |(place, user, database, prefix, caches, times, tls)| {
            let tls = if place.is_encrypted() { tls } else { TlsFiles::default() };
            let database = if matches!(place, Place::Cluster { .. }) { 0 } else { database };
            // The text of a password is its sign.
            let password = user.as_ref().map(|_| Secret::new(b"***".to_vec()));
            let (connect_timeout, timeout) = (Duration::from_millis(times.0), Duration::from_millis(times.1));
            let server = Server { place, user, password, database, tls, connect_timeout, timeout };
            Address { server, prefix, caches }
        },
    )
}

proptest! {
    #[test]
    fn an_address_reads_as_it_was_written(address in any_address()) {
        let text = address.to_string();
        prop_assert_eq!(Address::parse(text.as_bytes()), Ok(address), "{}", text);
    }

    #[test]
    fn no_bytes_are_too_odd_for_an_answer(bytes in prop::collection::vec(any::<u8>(), 0..40), scheme in 0..4_usize) {
        let scheme: &[u8] = [&b""[..], b"redis://", b"unix://", b"redis+sentinel://"][scheme];
        if let Ok(mut address) = Address::parse(&[scheme, &bytes].concat()) {
            let text = address.to_string();
            // The text of a password is its sign.
            address.server.password = address.server.password.map(|_| Secret::new(b"***".to_vec()));
            prop_assert_eq!(Address::parse(text.as_bytes()), Ok(address), "{}", text);
        }
    }
}

#[test]
fn a_text_with_one_of_the_schemes_is_an_address_and_all_else_a_path() {
    for text in [
        "redis://",
        "REDISS://h",
        "unix:///run/s",
        "redis+sentinel://\u{e9}",
        "rediss+cluster://a,b?x",
        "Redis+Cluster://",
    ] {
        assert!(Address::is_meant_by(text.as_bytes()), "{text}");
    }
    for text in
        ["", "redis", "redis:", "redis:/h", "/redis://h", "redis2://h", "file:///x", "://h", "unix", "r:edis://h"]
    {
        assert!(!Address::is_meant_by(text.as_bytes()), "{text}");
    }
}

#[test]
fn the_sign_for_a_password_is_told_from_one() {
    let password = |text: &str| Address::parse(text.as_bytes()).unwrap().server.password.unwrap();
    let shown = Address::parse(b"redis://u:secret@h").unwrap().to_string();
    assert!(password(&shown).is_hidden());
    assert!(!password("redis://u:secret@h").is_hidden());
    assert!(!password("redis://u:@h").is_hidden());
}
