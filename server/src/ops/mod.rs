//! The operator's commands. Those that need the data call the server that holds it, over `control.sock` in the data
//! folder; if no server is running, they open the data themselves.

mod applications;
mod backup;
mod control;
mod doctor;
mod export;
mod files_doctor;
mod http_metrics;
mod import;
pub(crate) mod metrics;
mod move_data;
mod nodes;
mod postgres_doctor;
mod reset_link;
mod room;
mod seen_hosts;
pub(crate) mod service_manager;
pub(crate) mod signals;

pub use self::applications::{Manage, manage};
pub use self::backup::{back_up, restore};
pub(crate) use self::control::Control;
pub use self::doctor::{Diagnosis, doctor};
pub use self::export::export;
pub(crate) use self::http_metrics::{HttpMetrics, measure};
pub use self::import::{Import, ImportFormat, import};
pub use self::move_data::{MoveArgs, move_data};
pub use self::nodes::list_nodes;
pub use self::reset_link::reset_link;
pub(crate) use self::room::is_full;
pub(crate) use self::seen_hosts::{SeenHosts, observe};
