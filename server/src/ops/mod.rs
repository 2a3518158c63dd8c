//! The operator's commands. Those that need the data are calls to the server that has it, over `control.sock` in the
//! data folder; where no server runs they open the data themselves.

mod arrivals;
mod backup;
mod control;
mod doctor;
mod reset_link;
mod room;

pub(crate) use self::arrivals::{Arrivals, observe};
pub use self::backup::{back_up, restore};
pub(crate) use self::control::Control;
pub use self::doctor::{Diagnosis, doctor};
pub use self::reset_link::reset_link;
pub(crate) use self::room::is_full;
