//! Files of the pure-PHP class: how they begin.

/// Whether the file looks like one of the pure-PHP class: a serialized stdClass (1.x) or
/// StoredEntity (2.x).
pub fn is_legacy(start: &[u8]) -> bool {
    let start = &start[..start.len().min(64)];
    start.starts_with(b"O:8:\"stdClass\":")
        || start.starts_with(b"O:46:\"Fuz\\Component\\SharedMemory\\Entity\\StoredEntity\":")
}
