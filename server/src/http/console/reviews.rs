//! Reviews: the list with open corrective actions and weeks, the workspace of one, the form of a week.

mod list;
mod typed;
mod weeks;
mod workspace;

pub use list::{list, set_done};
pub use weeks::{publish as publish_week, save as save_week, show as week};
pub use workspace::{correct, give_back, hand_in, publish, save, show};
