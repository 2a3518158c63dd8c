//! The bus of a single machine keeps the contract of every bus.

chat::bus_contract!(bus::open("local").unwrap());
