/// What the operator may set; the defaults suit a small machine. Limits that both sides must agree on are
/// in [`wire::limits`].
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Limits {
    /// The most members a new group may have.
    pub group_members: u32,
    /// The most groups one user may be in.
    pub user_groups: usize,
    /// How many messages a user may send at once.
    pub send_burst: u32,
    /// How many messages a second a user may send after that.
    pub send_per_second: f64,
    /// How many bytes of frames the broker keeps for a topic; who is further behind reads history.
    pub topic_log_bytes: usize,
    /// After how many days without a visit a session ends.
    pub session_idle_days: u32,
    /// After how many days a session ends at all.
    pub session_days: u32,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            group_members: 1_000,
            user_groups: 500,
            send_burst: 20,
            send_per_second: 2.0,
            topic_log_bytes: 256 * 1024,
            session_idle_days: 30,
            session_days: 180,
        }
    }
}
