//! MessagePack as PHP means it, through serde.
