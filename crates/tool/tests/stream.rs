//! Streams out of a store and into it: whole ones, and such as are not.

mod common;

use common::{Place, Scratch, fails};
use sync_store::{Store, Taken, Version};

/// An object of the class C with the property a = 1.
const OBJECT: &[u8] = b"\x92\xc7\x01\x01C\x81\xa1a\x01";

#[test]
fn an_input_that_is_not_whole_is_refused_and_removes_nothing() {
    let (from, to) = (Scratch::new(), Scratch::new());
    for n in 0..3_000 {
        from.put(format!("name {n}").as_bytes(), b"\xa5value");
    }
    to.fine("set", &["old", "1"]);
    let before = to.fine("export", &[]);
    for form in [&[][..], &["--msgpack"]] {
        let whole = from.run("export", form).stdout;
        let arguments = [form, &["--replace"]].concat();
        // Nothing; a part; all but the end; and what is behind the end.
        let twice = whole.repeat(2);
        for input in [&[], &whole[..1], &whole[..whole.len() / 2], &whole[..whole.len() - 3], &twice[..]] {
            let output = to.run_with("import", &arguments, input);
            fails(&output, 2, "The input is ");
            assert_eq!(to.fine("export", &[]), before, "{} bytes", input.len());
            // As a file.
            let path = Scratch::new();
            std::fs::write(&path.0, input).unwrap();
            let input = std::fs::File::open(&path.0).unwrap();
            fails(&to.command("import", &arguments).stdin(input).output().unwrap(), 2, "The input is ");
            assert_eq!(to.fine("export", &[]), before);
        }
        // Without --replace, what has been stored by then stays, and is told of.
        let other = Scratch::new();
        fails(&other.run_with("import", form, &whole[..whole.len() - 3]), 2, "names before that were stored.");
        assert!(other.fine("ls", &[]).lines().count() >= 1_000);
        fails(&Scratch::new().run_with("import", form, &[]), 2, "The input is ");
        // An export that is empty, and whole, does empty it.
        let (none, filled) = (Scratch::new(), Scratch::new());
        none.fine("set", &["x", "1"]);
        none.fine("rm", &["x"]);
        filled.fine("set", &["x", "1"]);
        filled.fine_with("import", &arguments, &none.run("export", form).stdout);
        assert_eq!(filled.fine("ls", &[]), "");
    }
}

#[test]
fn the_number_of_names_is_the_end_of_a_stream() {
    let file = Scratch::new();
    file.put(b"x", b"\x01");
    file.put(b"y", b"\x02");
    let stream = file.run("export", &["--msgpack"]).stdout;
    let (names, end) = stream.split_at(16);
    assert_eq!(names, b"\x93\xc4\x01x\xc4\x01\x01\xc0\x93\xc4\x01y\xc4\x01\x02\xc0");
    assert_eq!(end, [b"\x82\xa5names\x02\xa6crc32c\xce", &crc32c::crc32c(names).to_be_bytes()[..]].concat());
    // One without a checksum, as streams once were.
    let old = [names, b"\x81\xa5names\x02"].concat();
    assert_eq!(Scratch::new().fine_with("import", &["--msgpack", "--replace"], &old), "");
    let wrong = |stream: &[u8], words| fails(&Scratch::new().run_with("import", &["--msgpack"], stream), 2, words);
    wrong(&stream[..stream.len() - 1], "it was cut off after 2 names");
    wrong(&stream[..16], "it was cut off after 2 names");
    wrong(&stream[..10], "it was cut off after 1 name");
    wrong(&[&stream[..8], end].concat(), "it had 2 names, and 1 of them have come");
    wrong(&[&stream[8..16], &stream[..8], end].concat(), "its checksum is another one");
    wrong(&[&stream[..], b"\xc0"].concat(), "something follows behind its end");
    for other in [&b"\xc0"[..], b"\0", b"{\"a\":1}", b"\x81\xa5other\0", b"\x80"] {
        wrong(other, "not what `export --msgpack` writes");
    }
}

#[test]
fn a_flipped_bit_is_told_of_wherever_it_is() {
    let (from, to) = (Scratch::new(), Scratch::new());
    from.put(b"x", b"\x92\x01\xa1a");
    from.fine("set", &["y", "\"text\"", "--ttl", "1000"]);
    from.put(b"object", OBJECT);
    let stream = from.run("export", &["--msgpack"]).stdout;
    to.fine("set", &["old", "1"]);
    for (at, bit) in (0..stream.len()).flat_map(|at| [(at, at % 8), (at, (at * 5 + 3) % 8)]) {
        let mut flipped = stream.clone();
        flipped[at] ^= 1 << bit;
        fails(&to.run_with("import", &["--msgpack", "--replace"], &flipped), 2, "The input is not what");
        assert_eq!(to.fine("ls", &[]), "old\n", "byte {at}, bit {bit}");
    }
    // The names before it stay, and are told of.
    let mut flipped = stream.clone();
    let text = stream.windows(4).position(|bytes| bytes == b"text").unwrap();
    flipped[text] ^= 1;
    let output = to.run_with("import", &["--msgpack"], &flipped);
    fails(&output, 2, "it is damaged: its checksum is another one.");
    to.fine_with("import", &["--msgpack", "--replace"], &stream);
    assert_eq!(to.run("export", &["--msgpack"]).stdout, stream);
}

#[test]
fn values_that_php_could_not_read_are_left_out() {
    let (from, to) = (Scratch::new(), Scratch::new());
    for (name, value) in [
        (&b"before"[..], &b"\x01"[..]),
        (b"ext", b"\x91\xd4\x09x"),
        (b"class", b"\x92\xc7\x01\x01!\x80"),
        (b"case", b"\xc7\x02\x03E:"),
        (b"pointer", b"\x92\x01\xd4\x04\x07"),
        (b"damaged", b"\x92\x01"),
        (b"reserved", b"\xc1"),
        (b"deep", &[&[0x91; 4_097][..], &[1]].concat()),
        (b"behind", OBJECT),
    ] {
        from.put(name, value);
    }
    let stream = from.run("export", &["--msgpack"]).stdout;
    for options in [&["--msgpack"][..], &["--msgpack", "--replace"]] {
        let output = to.run_with("import", options, &stream);
        for words in [
            "'ext' is left out: it has an ext of type 9, which PHP does not know.",
            "'class' is left out: it is damaged: it has a class name that cannot be one.",
            "'case' is left out: it is damaged: it has an enum case whose name cannot be one.",
            "'pointer' is left out: it is damaged: it has a pointer to something that is not there.",
            "'damaged' is left out: it is damaged: it ends too early.",
            "'reserved' is left out: it is damaged: it is not MessagePack.",
            "'deep' is left out: it is nested in more than 4096 levels, which PHP reads only where unserialize_max_depth allows it.",
            "syncctl: 7 names are left out.",
        ] {
            fails(&output, 4, words);
        }
        assert_eq!(to.fine("ls", &[]), "before\nbehind\n");
    }
    // Without a checksum, the input may be damaged elsewhere, too: nothing is removed for it.
    let end = stream.len() - b"\x82\xa5names\x09\xa6crc32c\xce    ".len();
    let old = [&stream[..end], b"\x81\xa5names\x09"].concat();
    to.fine("set", &["old", "1"]);
    let output = to.run_with("import", &["--msgpack", "--replace"], &old);
    fails(&output, 2, "The value of 'ext' can't be read");
    fails(&output, 2, "Nothing was changed.");
    assert_eq!(to.fine("ls", &[]), "before\nbehind\nold\n");
    fails(&to.run_with("import", &["--msgpack"], &old), 4, "7 names are left out");
}

/// Takes the first item off a list.
fn take(store: &Store, name: &[u8]) -> u64 {
    match sync_backend::Backend::take(store, name, &mut Vec::new()).unwrap() {
        Taken::Item(token) => token,
        other => panic!("{other:?}"),
    }
}

#[test]
fn an_export_has_the_items_that_are_being_consumed() {
    let (file, to) = (Scratch::new(), Scratch::new());
    let store = file.store();
    file.fine("set", &["before", "1"]);
    let long = format!("[{}]", vec!["\"a long job\""; 100].join(","));
    for (name, list) in [
        ("jobs", "[1,2,3]"),
        ("none", "[1]"),
        ("long", &long),
        ("gone", "[7,8]"),
        ("null", "[1,2]"),
        ("expires", "[5]"),
    ] {
        file.fine("set", &[name, list, "--ttl", if name == "expires" { "1000" } else { "inf" }]);
    }
    // An item that is long itself, and one that is an object.
    store.put(b"objects", &[b"\x92", OBJECT, OBJECT].concat(), &mut Version::default()).unwrap();
    for name in ["jobs", "jobs", "none", "long", "gone", "null", "objects", "expires"] {
        take(&store, name.as_bytes());
    }
    store.remove(b"gone").unwrap();
    store.remove(b"expires").unwrap();
    file.put(b"null", b"\xc0");
    let exported = file.run("export", &[]);
    fails(&exported, 4, "'objects' is left out: it has an object of C at [0]");
    let json: serde_json::Value = serde_json::from_slice(&exported.stdout).unwrap();
    let expected = serde_json::json!({
        "before": 1, "jobs": [1, 2, 3], "none": [1], "long": serde_json::from_str::<serde_json::Value>(&long).unwrap(),
        "null": [1], "gone": [7], "expires": [5],
    });
    assert_eq!(json, expected);
    let stream = file.run("export", &["--msgpack"]);
    assert_eq!(stream.status.code(), Some(0));
    // A prefix is one for them as well.
    assert_eq!(file.fine("export", &["go"]), "{\n\"gone\":[7]\n}\n");
    // As the file is when the consumers are dead.
    drop(store);
    to.fine_with("import", &["--msgpack", "--replace"], &stream.stdout);
    let names = |file: &Scratch| {
        let mut names: Vec<_> = file.fine("ls", &[]).lines().map(str::to_owned).collect();
        names.sort();
        names
    };
    assert_eq!(names(&to), names(&file));
    for name in names(&to) {
        assert_eq!(to.run("get", &[&name]).stdout, file.run("get", &[&name]).stdout, "{name}");
    }
    let expires = |file: &Scratch| file.fine("stat", &["expires", "--json"]).lines().next().unwrap().to_owned();
    let of = |line: String| serde_json::from_str::<serde_json::Value>(&line).unwrap()["expires"].clone();
    assert_eq!(of(expires(&to)), of(expires(&file)));
    assert_eq!(to.fine("stat", &["objects"]).contains("array"), file.fine("stat", &["objects"]).contains("array"));
}

#[test]
fn items_that_cannot_go_back_are_told_of() {
    let file = Scratch::new();
    let store = file.store();
    file.fine("set", &["jobs", "[1,2]"]);
    take(&store, b"jobs");
    file.fine("set", &["jobs", "\"text\""]);
    for form in [&[][..], &["--msgpack"]] {
        let output = file.run("export", form);
        fails(&output, 4, "1 item that 'jobs' had, and that are being consumed, are left out");
    }
}

#[test]
fn an_item_is_in_each_export_while_others_take_it_and_let_it_go() {
    let file = Scratch::new();
    let list: Vec<String> = (0..40).map(|n| format!("\"job {n}\"")).collect();
    let list = format!("[{}]", list.join(","));
    // Short, so that it comes with its page; and long.
    file.fine("set", &["short", "[1,2,3]"]);
    file.fine("set", &["long", &list]);
    let (path, stop) = (file.0.clone(), std::sync::Arc::new(std::sync::atomic::AtomicBool::new(false)));
    let ended = stop.clone();
    let consumer = std::thread::spawn(move || {
        let store = Store::new(path, sync_store::Options::default());
        let mut turns = 0u32;
        while !ended.load(std::sync::atomic::Ordering::Relaxed) {
            let items = [take(&store, b"short"), take(&store, b"long"), take(&store, b"short")];
            items.into_iter().rev().for_each(|item| store.give_back(item));
            turns += 1;
        }
        turns
    });
    for _ in 0..40 {
        let exported = file.fine("export", &[]);
        assert_eq!(exported, format!("{{\n\"short\":[1,2,3],\n\"long\":{list}\n}}\n"));
    }
    stop.store(true, std::sync::atomic::Ordering::Relaxed);
    assert!(consumer.join().unwrap() > 0);
}
