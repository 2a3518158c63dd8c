//! Ports: the contracts that the domain needs from outside. [`store`] keeps facts, [`mod@search`] finds messages,
//! [`blobs`] keeps the contents of files, [`bus`] reaches other nodes, [`http_client`] other servers, and the clock and the
//! random source are arguments.

pub(crate) mod archive;
pub mod blobs;
pub mod bus;
pub(crate) mod clock;
pub mod http_client;
pub(crate) mod position;
pub(crate) mod random;
pub mod search;
pub mod store;

pub use archive::ArchiveSink;
pub use blobs::{
    BlobId, BlobKey, Blobs, ByteSource, BytesSource, CHUNK_BYTES, ListedBlob, OpenBlob, StoredBlob,
};
pub use bus::{Bus, BusHealth, BusMetrics, Hint, LocalBus, NodeId};
pub use clock::{Clock, SystemClock};
pub use http_client::{
    HttpAnswer, HttpClient, HttpFailure, HttpMethod, HttpPolicy, HttpRequest, NoHttpClient, TlsFault,
    URL_BYTES, UrlFault,
};
pub use random::{OsRandom, RandomSource};
pub use store::Store;
