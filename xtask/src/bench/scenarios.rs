//! The scenarios of the benchmarks.

/// One measurement, made by the command `loadtest`.
pub(super) struct Scenario {
    pub(super) name: &'static str,
    /// A sentence that describes it.
    pub(super) about: &'static str,
    /// The subcommand of `loadtest`.
    pub(super) command: &'static str,
    /// The arguments of both forms, after the subcommand.
    pub(super) arguments: &'static [&'static str],
    /// Additional arguments of the long form.
    pub(super) long: &'static [&'static str],
    /// Additional arguments of the short form.
    pub(super) quick: &'static [&'static str],
    /// True if other servers are measured beside it.
    pub(super) beside: bool,
}

/// The duration of each line, and the number of rounds.
const LONG_FANOUT: &[&str] = &["--seconds", "4", "--rounds", "5"];
const QUICK_FANOUT: &[&str] = &["--seconds", "2", "--rounds", "3"];
/// The short form of the idle benchmark.
const QUICK_IDLE: &[&str] = &["--connections", "2000", "--seconds", "30"];
/// The short form of the other scenarios.
const QUICK: &[&str] = &["--seconds", "3"];

pub(super) const SCENARIOS: [Scenario; 22] = [
    Scenario {
        name: "fanout-single",
        about: "One message at a time to 1,000 subscribers: every server needs one write per delivery. `raw` is one \
                thread that does nothing but write, the most that a core of this machine can do.",
        command: "fanout",
        arguments: &["--window", "1"],
        long: LONG_FANOUT,
        quick: QUICK_FANOUT,
        beside: true,
    },
    Scenario {
        name: "fanout-burst",
        about: "16 and 128 messages in flight to 1,000 subscribers: a server that batches them needs fewer writes.",
        command: "fanout",
        arguments: &["--window", "16", "--window", "128"],
        long: LONG_FANOUT,
        quick: QUICK_FANOUT,
        beside: true,
    },
    Scenario {
        name: "fanout-open",
        about: "100, 400 and 1,500 messages a second to 1,000 subscribers, at a fixed rate whether or not the server \
                keeps up.",
        command: "fanout",
        arguments: &["--rate", "100", "--rate", "400", "--rate", "1500"],
        long: LONG_FANOUT,
        quick: QUICK_FANOUT,
        beside: false,
    },
    Scenario {
        name: "fanout-10k",
        about: "20 messages a second to 10,000 subscribers, at a fixed rate whether or not the server keeps up.",
        command: "fanout",
        arguments: &["--subscribers", "10000", "--rate", "20"],
        long: LONG_FANOUT,
        quick: &["--seconds", "2", "--rounds", "1"],
        beside: false,
    },
    Scenario {
        name: "rooms-many",
        about: "10,000 people in 1,000 groups of 10, and 1,000 messages a second, most of them in a few groups: \
                sockets can share hardly any bytes.",
        command: "groups",
        arguments: &[],
        long: &[],
        quick: &["--groups", "200", "--seconds", "3"],
        beside: false,
    },
    Scenario {
        name: "idle",
        about: "Sockets of signed-in people, each subscribed to a group, without any traffic but pings.",
        command: "idle",
        arguments: &["--store", "sqlite"],
        long: &[],
        quick: QUICK_IDLE,
        beside: false,
    },
    Scenario {
        name: "idle-volatile",
        about: "The same without a database.",
        command: "idle",
        arguments: &["--store", "memory"],
        long: &[],
        quick: QUICK_IDLE,
        beside: false,
    },
    Scenario {
        name: "durable-send",
        about: "64 senders, and the time until each gets the acknowledgement that its message is on disk.",
        command: "durable",
        arguments: &["--store", "sqlite"],
        long: &[],
        quick: QUICK,
        beside: false,
    },
    Scenario {
        name: "volatile-send",
        about: "The same without a database.",
        command: "durable",
        arguments: &["--store", "memory"],
        long: &[],
        quick: QUICK,
        beside: false,
    },
    Scenario {
        name: "postgres-send",
        about: "The same with PostgreSQL on the same machine, whose processes share its cores.",
        command: "durable",
        arguments: &["--store", "postgres"],
        long: &[],
        quick: QUICK,
        beside: false,
    },
    Scenario {
        name: "nodes",
        about: "Two nodes on one PostgreSQL database, all on this machine: their acknowledgements a second beside those of \
                one node, when all senders share one log and when each node has logs of its own; and the time until \
                listeners on the other node read a message, beside those on the sender's, with and without a bus.",
        command: "nodes",
        arguments: &[],
        long: &[],
        quick: &["--seconds", "3", "--rounds", "1"],
        beside: false,
    },
    Scenario {
        name: "rest-send",
        about: "An application sends messages over HTTP with its token, over 1, 16 and 64 connections that stay open, \
                and each waits for the acknowledgement that its message is on disk.",
        command: "rest-send",
        arguments: &[],
        long: &[],
        quick: QUICK,
        beside: false,
    },
    Scenario {
        name: "tenants",
        about: "1,000 applications with 100 people each on one server: its memory, the deliveries in one that sends as \
                fast as it can over 16 HTTP connections, and the latency in one that sends 50 messages a second, alone \
                and beside the former.",
        command: "tenants",
        arguments: &[],
        long: &[],
        quick: &["--applications", "100", "--seconds", "3"],
        beside: false,
    },
    Scenario {
        name: "background-work",
        about: "1,000 messages a second, alone and while 20 people upload files, in turn on one server: the time until \
                each message is acknowledged.",
        command: "background-work",
        arguments: &[],
        long: &[],
        quick: &["--seconds", "3", "--rounds", "3"],
        beside: false,
    },
    Scenario {
        name: "e2e-durable",
        about: "64 people talk in 8 groups: the time until others read a message, with and without a database.",
        command: "end-to-end",
        arguments: &[],
        long: &[],
        quick: &["--seconds", "3", "--rounds", "1"],
        beside: false,
    },
    Scenario {
        name: "history-page",
        about: "Pages of a log of 1,000,000 entries in a database, over HTTP: at its end, in its middle, and at its \
                beginning.",
        command: "history-page",
        arguments: &[],
        long: &[],
        quick: &["--entries", "100000"],
        beside: false,
    },
    Scenario {
        name: "pages",
        about: "The cost of pages for the server with 20,000 people, 3,000 groups and 1,000,000 entries: for a user \
                in 300 groups, for a user in two, and for the latter while eight others reload heavy pages all the \
                time.",
        command: "pages",
        arguments: &[],
        long: &[],
        quick: &["--entries", "100000", "--rounds", "30"],
        beside: false,
    },
    Scenario {
        name: "slow-consumer",
        about: "1,000 sockets listen to a group, and 50 of them stop reading, some for so long that the server \
                disconnects them: the others are not affected, and in the end everyone has every message.",
        command: "slow-consumer",
        arguments: &[],
        long: &[],
        quick: &["--seconds", "5"],
        beside: false,
    },
    Scenario {
        name: "resume-storm",
        about: "5,000 sockets of a group disconnect at once, miss 200 messages, and resume at once.",
        command: "resume-storm",
        arguments: &[],
        long: &[],
        quick: &["--connections", "2000"],
        beside: false,
    },
    Scenario {
        name: "churn",
        about: "500 sockets a second connect, subscribe to a group, read a message or two and disconnect, and leave \
                nothing behind.",
        command: "churn",
        arguments: &[],
        long: &[],
        quick: &["--seconds", "5"],
        beside: false,
    },
    Scenario {
        name: "soak",
        about: "Ten minutes of people who stay, resume, come and go, talk, join and leave, and read pages and \
                history: the median of the server's resources does not grow from the middle third to the last.",
        command: "soak",
        arguments: &[],
        long: &[],
        quick: &["--seconds", "60"],
        beside: false,
    },
    Scenario {
        name: "crash-durability",
        about: "The server is killed 20 times while 200 people talk: everything that it acknowledged is there, once \
                and in order.",
        command: "crash",
        arguments: &[],
        long: &[],
        quick: &["--people", "50", "--messages", "5000", "--kills", "6"],
        beside: false,
    },
];
