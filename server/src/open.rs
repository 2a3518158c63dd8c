//! Opening of the configured store, and of the domain over it.

use std::sync::Arc;
use std::time::Duration;

use blobs::FolderBlobs;
use bus::BusSettings;
use chat::{
    Blobs, Chat, MasterSecret, MemoryBlobs, MemoryStore, OsRandom, Parts, RandomSource, Store, SystemClock,
    Window,
};
use egress::{Egress, EgressConfig};
use store::{NodeFolder, OpenError, PostgresConfig, PostgresStore, SqliteStore};
use tokio::time::{Instant, sleep};

use crate::config::{Config, ConfigError, StoreChoice};
use crate::ops::{CountedClient, OutgoingMetrics};

/// An open store with the domain over it.
pub(crate) struct Opened {
    pub(crate) chat: Arc<Chat>,
    pub(crate) outgoing: Arc<OutgoingMetrics>,
    pub(crate) files: Files,
}

/// The files of an open store in the data folder.
pub(crate) enum Files {
    /// None at all.
    Nothing,
    /// All the data.
    Sqlite(Arc<SqliteStore>),
    /// Files that a node makes for itself; held until this is dropped.
    Node(NodeFolder),
}

/// The time for which a start waits for a database that cannot be reached, and the pause between attempts.
const PATIENCE: Duration = Duration::from_secs(60);
const AGAIN: Duration = Duration::from_secs(1);

impl Opened {
    /// Makes the domain over a store. Its secret is that of the settings, or else that of the data folder; without either
    /// it lasts as long as the process.
    pub(crate) fn over(
        config: &Config,
        store: Arc<dyn Store>,
        blobs: Arc<dyn Blobs>,
        of_folder: Option<MasterSecret>,
        files: Files,
    ) -> Result<Self, ConfigError> {
        let (clock, chance) = (Arc::new(SystemClock), Arc::new(OsRandom));
        let secret = config.secret.clone().or(of_folder).unwrap_or_else(|| {
            let mut bytes = [0; 32];
            chance.fill(&mut bytes);
            MasterSecret::from_bytes(bytes)
        });
        // Nodes with one secret are a cluster.
        let settings = BusSettings {
            cluster: secret.cluster_name(),
            key: secret.bus_key(),
            buckets: BusSettings::BUCKETS,
            node: store.node(),
        };
        let bus = bus::open(&config.bus, settings).map_err(explained)?;
        let egress = EgressConfig { open: config.egress_open.clone(), ..EgressConfig::default() };
        let outgoing = Arc::default();
        let http = Arc::new(CountedClient::new(Egress::new(&egress), Arc::clone(&outgoing)));
        let (limits, providers) = (config.limits, config.providers.clone());
        let chat = Chat::start(Parts { store, blobs, bus, http, clock, chance, limits, secret, providers });
        Ok(Self { chat, outgoing, files })
    }
}

/// Opens the configured store.
pub(crate) async fn open(config: &Config) -> Result<Opened, ConfigError> {
    match &config.store {
        StoreChoice::Memory => {
            let store = Arc::new(MemoryStore::new(&OsRandom, Window::default()));
            let blobs = Arc::new(MemoryBlobs::default());
            Opened::over(config, store, blobs, None, Files::Nothing)
        }
        StoreChoice::Sqlite => {
            let opened = SqliteStore::open(&config.data, &OsRandom);
            let store =
                Arc::new(opened.map_err(|fault| ConfigError(format!("the data cannot be opened: {fault}")))?);
            let secret = match &config.secret {
                Some(_) => None,
                None => Some(store.master_secret(&OsRandom).map_err(explained)?),
            };
            let blobs = Arc::new(folder_blobs(config)?);
            let files = Files::Sqlite(Arc::clone(&store));
            Opened::over(config, store, blobs, secret, files)
        }
        StoreChoice::Postgres(database) => {
            let folder = NodeFolder::lock(&config.data).map_err(explained)?;
            let (secret, is_new) = match &config.secret {
                Some(secret) => (secret.clone(), false),
                None => folder.master_secret(&OsRandom).map_err(explained)?,
            };
            let blobs = folder_blobs(config)?;
            match connect(database, &secret, blobs.identity()).await {
                Ok(store) => {
                    let files = Files::Node(folder);
                    Opened::over(config, Arc::new(store), Arc::new(blobs), Some(secret), files)
                }
                Err(error) => {
                    // Otherwise it would be in the way of the right one.
                    if is_new {
                        folder.remove_master_secret().map_err(explained)?;
                    }
                    Err(explained(error))
                }
            }
        }
    }
}

fn explained(error: impl std::fmt::Display) -> ConfigError {
    ConfigError(error.to_string())
}

/// Opens a database; waits for one that does not answer yet.
async fn connect(
    database: &PostgresConfig,
    secret: &MasterSecret,
    blobs: &str,
) -> Result<PostgresStore, OpenError> {
    let until = Instant::now() + PATIENCE;
    let mut is_logged = false;
    loop {
        let (config, secret, blobs) = (database.clone(), secret.clone(), blobs.to_owned());
        let opening = tokio::task::spawn_blocking(move || {
            let store = PostgresStore::open(config, &secret, &OsRandom)?;
            store.claim_blobs(&blobs).map(|()| store)
        });
        let opened = opening.await.unwrap_or_else(|error| Err(OpenError::Refused(error.to_string())));
        match opened {
            Err(error @ (OpenError::Unreachable(_) | OpenError::Busy(_))) if Instant::now() < until => {
                if !std::mem::replace(&mut is_logged, true) {
                    tracing::warn!(seconds = PATIENCE.as_secs(), "{error}; it is tried again");
                }
                sleep(AGAIN).await;
            }
            opened => return opened,
        }
    }
}

/// Opens the folder of uploaded files.
fn folder_blobs(config: &Config) -> Result<FolderBlobs, ConfigError> {
    FolderBlobs::open(&config.blobs_folder(), &OsRandom)
        .map_err(|wrong| ConfigError(format!("{wrong}; choose another folder with --blobs")))
}
