use chat::{Chance, Fault};
use rusqlite::{Connection, OptionalExtension, params};
use wire::Epoch;

/// Each step once, in order; a file's `user_version` says how many it has had.
const STEPS: [&str; 10] = [
    include_str!("migrations/0001_facts.sql"),
    include_str!("migrations/0002_admins.sql"),
    include_str!("migrations/0003_amendments.sql"),
    include_str!("migrations/0004_accounts.sql"),
    include_str!("migrations/0005_marks.sql"),
    include_str!("migrations/0006_directs.sql"),
    include_str!("migrations/0007_resets.sql"),
    include_str!("migrations/0008_receipts.sql"),
    include_str!("migrations/0009_profiles.sql"),
    include_str!("migrations/0010_offers.sql"),
];

/// Brings the file up to this version and gives its epoch.
pub(super) fn migrate(db: &mut Connection, chance: &dyn Chance) -> Result<Epoch, Fault> {
    let fault = |error: rusqlite::Error| {
        Fault::new("store", format!("the data cannot be brought up to date: {error}"))
    };
    let done: i64 = db.pragma_query_value(None, "user_version", |row| row.get(0)).map_err(fault)?;
    let done = usize::try_from(done).unwrap_or(usize::MAX);
    if done > STEPS.len() {
        let sentence =
            format!("a newer version has written this data (step {done}); this one knows {}", STEPS.len());
        return Err(Fault::new("store", sentence));
    }
    let transaction = db.transaction().map_err(fault)?;
    for step in &STEPS[done..] {
        transaction.execute_batch(step).map_err(fault)?;
    }
    transaction.pragma_update(None, "user_version", STEPS.len()).map_err(fault)?;
    let known =
        transaction.query_row("SELECT epoch FROM meta", [], |row| row.get::<_, [u8; 8]>(0)).optional();
    let epoch = match known.map_err(fault)? {
        Some(epoch) => epoch,
        None => {
            let mut epoch = [0; 8];
            chance.fill(&mut epoch);
            transaction.execute("INSERT INTO meta (epoch) VALUES (?)", params![epoch]).map_err(fault)?;
            epoch
        }
    };
    transaction.commit().map_err(fault)?;
    Ok(Epoch(u64::from_be_bytes(epoch)))
}
