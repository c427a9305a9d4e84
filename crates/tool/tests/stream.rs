//! Streams out of a store and into it: whole ones, and such as are not.

mod common;

use common::{Scratch, fails};

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
    assert_eq!(stream, b"\x93\xc4\x01x\xc4\x01\x01\xc0\x93\xc4\x01y\xc4\x01\x02\xc0\x02");
    let wrong = |stream: &[u8], words| fails(&Scratch::new().run_with("import", &["--msgpack"], stream), 2, words);
    wrong(&stream[..stream.len() - 1], "it was cut off after 2 names");
    wrong(&stream[..10], "it was cut off after 1 name");
    wrong(&[&stream[..8], &stream[16..]].concat(), "it had 2 names, and 1 of them have come");
    wrong(&[&stream[..], b"\xc0"].concat(), "something follows behind its end");
    wrong(b"\xc0", "not what `export --msgpack` writes");
}
