//! Writes: everything that a store commits, by area, and the outcomes.

use wire::{ApplicationId, Topic};

use super::{
    AccountWrite, Amend, AmendOutcome, ApplicationWrite, AttemptOutcome, AttemptWrite, Checked, ClaimJobs,
    CreateAccount, CreateAccountOutcome, Done, Draft, FileOutcome, FileWrite, GroupChange, GroupWithMessage,
    GroupWithMessageOutcome, IdentityOutcome, IdentityWrite, Job, JobWrite, LogOutcome, LogWrite,
    NewApplication, PlanWebhooks, Planned, PutUser, PutUserOutcome, ReadStateOutcome, ReadStateWrite,
    RemoveData, Removed, SessionWrite, SetRetention, Sweep, Swept, Trim, Trimmed, UserTokenWrite, UserWrite,
    WebhookWrite,
};

/// The content of a commit: a write of one area, or several writes.
#[derive(Clone, Debug, PartialEq)]
pub enum Write {
    /// Append an entry to a log.
    Log(LogWrite),
    /// Amend a message, if the rules allow it when it is committed, and append the entry that announces it.
    Amend(Amend),
    /// Remove the oldest entries of a log.
    Trim(Trim),
    /// Set the retention of a log.
    SetRetention(SetRetention),
    /// Change a group and append the entries that announce it.
    Groups(GroupChange),
    /// Create a group and append the first message to it.
    GroupWithMessage(GroupWithMessage),
    /// Change what a user has.
    Users(UserWrite),
    /// Create or change a user whom the application names by a key.
    PutUser(PutUser),
    /// Create the account of a user.
    CreateAccount(CreateAccount),
    /// Change an account.
    Accounts(AccountWrite),
    /// Change the identities by which users sign in.
    Identities(IdentityWrite),
    /// Change the sessions of a user.
    Sessions(SessionWrite),
    /// Change files.
    Files(FileWrite),
    /// Change which user tokens of the application work.
    UserTokens(UserTokenWrite),
    /// Change how far users have read.
    ReadState(ReadStateWrite),
    /// Count attempts.
    Attempts(AttemptWrite),
    /// Change jobs.
    Jobs(JobWrite),
    /// Lease jobs.
    ClaimJobs(ClaimJobs),
    /// Change outgoing webhooks.
    Webhooks(WebhookWrite),
    /// Add the jobs that deliver events to webhooks.
    PlanWebhooks(PlanWebhooks),
    /// Create an application.
    CreateApplication(NewApplication),
    /// Change applications and API tokens.
    Applications(ApplicationWrite),
    /// Remove a part of the data of an application.
    RemoveData(RemoveData),
    /// Remove expired rows.
    Sweep(Sweep),
    /// As [`WithAudit`].
    WithAudit(Box<WithAudit<Write>>),
    /// As [`Transaction`].
    Transaction(Box<Transaction<Write>>),
}

/// The outcome of a write, by area.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Of [`Write::Log`].
    Log(LogOutcome),
    /// Of [`Write::Amend`].
    Amend(AmendOutcome),
    /// Of [`Write::Trim`].
    Trim(Trimmed),
    /// Of [`Write::SetRetention`].
    SetRetention(Checked),
    /// Of [`Write::Groups`].
    Groups(Checked),
    /// Of [`Write::GroupWithMessage`].
    GroupWithMessage(GroupWithMessageOutcome),
    /// Of [`Write::Users`].
    Users(Done),
    /// Of [`Write::PutUser`].
    PutUser(PutUserOutcome),
    /// Of [`Write::CreateAccount`].
    CreateAccount(CreateAccountOutcome),
    /// Of [`Write::Accounts`].
    Accounts(Checked),
    /// Of [`Write::Identities`].
    Identities(IdentityOutcome),
    /// Of [`Write::Sessions`].
    Sessions(Checked),
    /// Of [`Write::Files`].
    Files(FileOutcome),
    /// Of [`Write::UserTokens`].
    UserTokens(Checked),
    /// Of [`Write::ReadState`].
    ReadState(ReadStateOutcome),
    /// Of [`Write::Attempts`].
    Attempts(AttemptOutcome),
    /// Of [`Write::Jobs`].
    Jobs(Checked),
    /// Of [`Write::ClaimJobs`].
    ClaimJobs(Vec<Job>),
    /// Of [`Write::Webhooks`].
    Webhooks(Checked),
    /// Of [`Write::PlanWebhooks`].
    PlanWebhooks(Vec<Planned>),
    /// Of [`Write::CreateApplication`].
    CreateApplication(ApplicationId),
    /// Of [`Write::Applications`].
    Applications(Checked),
    /// Of [`Write::RemoveData`].
    RemoveData(Removed),
    /// Of [`Write::Sweep`].
    Sweep(Swept),
}

/// A write, and the entry that announces it.
#[derive(Clone, Debug, PartialEq)]
pub struct WithAudit<W> {
    /// The write that decides, committed first.
    pub write: W,
    /// The entry that announces it, written only if the write [is done](Outcome::is_done).
    pub note: Draft,
}

/// Several writes in one transaction. The first decides: if it [is done](Outcome::is_done), the others follow, and they
/// must be such that cannot be refused. The outcome of the first is the outcome of the whole.
#[derive(Clone, Debug, PartialEq)]
pub struct Transaction<W> {
    /// The write that decides.
    pub first: W,
    /// The writes that follow in the same transaction, in order.
    pub then: Vec<Write>,
}

/// A write whose type determines that of its outcome.
pub trait TypedWrite: Into<Write> {
    /// The outcomes that it may have.
    type Outcome;

    /// Returns the outcome of such a write.
    ///
    /// # Errors
    /// The outcome, if it is that of another write: a bug of the store.
    fn outcome(outcome: Outcome) -> Result<Self::Outcome, Outcome>;
}

impl Write {
    /// Returns the topic of the log that the write appends to or shortens, if it is about one log alone.
    #[must_use]
    pub fn log(&self) -> Option<&Topic> {
        match self {
            Self::Log(write) => Some(&write.draft().topic),
            Self::Amend(amend) => Some(&amend.news.topic),
            Self::Trim(trim) => Some(&trim.topic),
            Self::WithAudit(audited) => audited.write.log(),
            Self::Transaction(transaction) => transaction.first.log(),
            _ => None,
        }
    }
}

impl Outcome {
    /// Returns true if the write is done, so that what depends on it in the same transaction may follow. An outcome
    /// that says more than that decides nothing.
    #[must_use]
    pub const fn is_done(&self) -> bool {
        match self {
            Self::SetRetention(outcome)
            | Self::Groups(outcome)
            | Self::Accounts(outcome)
            | Self::Sessions(outcome)
            | Self::UserTokens(outcome)
            | Self::Jobs(outcome)
            | Self::Webhooks(outcome)
            | Self::Applications(outcome) => matches!(outcome, Checked::Done),
            Self::CreateAccount(outcome) => matches!(outcome, CreateAccountOutcome::Done),
            Self::Identities(outcome) => matches!(outcome, IdentityOutcome::Done),
            Self::Attempts(outcome) => matches!(outcome, AttemptOutcome::Done),
            Self::Users(Done) => true,
            Self::Files(outcome) => matches!(outcome, FileOutcome::Done),
            Self::Log(_)
            | Self::GroupWithMessage(_)
            | Self::Amend(_)
            | Self::Trim(_)
            | Self::PutUser(_)
            | Self::ReadState(_)
            | Self::ClaimJobs(_)
            | Self::PlanWebhooks(_)
            | Self::CreateApplication(_)
            | Self::RemoveData(_)
            | Self::Sweep(_) => false,
        }
    }
}

/// Gives the writes of an area the outcome of the same name.
macro_rules! typed {
    ($($area:ident: $write:ty => $outcome:ty,)*) => {$(
        impl From<$write> for Write {
            fn from(write: $write) -> Self {
                Self::$area(write)
            }
        }

        impl TypedWrite for $write {
            type Outcome = $outcome;

            fn outcome(outcome: Outcome) -> Result<$outcome, Outcome> {
                match outcome {
                    Outcome::$area(outcome) => Ok(outcome),
                    other => Err(other),
                }
            }
        }
    )*};
}

typed! {
    Log: LogWrite => LogOutcome,
    Amend: Amend => AmendOutcome,
    Trim: Trim => Trimmed,
    SetRetention: SetRetention => Checked,
    Groups: GroupChange => Checked,
    GroupWithMessage: GroupWithMessage => GroupWithMessageOutcome,
    Users: UserWrite => Done,
    PutUser: PutUser => PutUserOutcome,
    CreateAccount: CreateAccount => CreateAccountOutcome,
    Accounts: AccountWrite => Checked,
    Identities: IdentityWrite => IdentityOutcome,
    Sessions: SessionWrite => Checked,
    Files: FileWrite => FileOutcome,
    UserTokens: UserTokenWrite => Checked,
    ReadState: ReadStateWrite => ReadStateOutcome,
    Attempts: AttemptWrite => AttemptOutcome,
    Jobs: JobWrite => Checked,
    ClaimJobs: ClaimJobs => Vec<Job>,
    Webhooks: WebhookWrite => Checked,
    PlanWebhooks: PlanWebhooks => Vec<Planned>,
    CreateApplication: NewApplication => ApplicationId,
    Applications: ApplicationWrite => Checked,
    RemoveData: RemoveData => Removed,
    Sweep: Sweep => Swept,
}

/// A draft is the plainest [`LogWrite`].
impl From<Draft> for Write {
    fn from(draft: Draft) -> Self {
        Self::Log(LogWrite::Post(draft))
    }
}

impl TypedWrite for Draft {
    type Outcome = LogOutcome;

    fn outcome(outcome: Outcome) -> Result<LogOutcome, Outcome> {
        LogWrite::outcome(outcome)
    }
}

impl TypedWrite for Write {
    type Outcome = Outcome;

    fn outcome(outcome: Outcome) -> Result<Outcome, Outcome> {
        Ok(outcome)
    }
}

impl<W: TypedWrite> From<WithAudit<W>> for Write {
    fn from(WithAudit { write, note }: WithAudit<W>) -> Self {
        Self::WithAudit(Box::new(WithAudit { write: write.into(), note }))
    }
}

impl<W: TypedWrite> TypedWrite for WithAudit<W> {
    type Outcome = W::Outcome;

    fn outcome(outcome: Outcome) -> Result<W::Outcome, Outcome> {
        W::outcome(outcome)
    }
}

impl<W: TypedWrite> From<Transaction<W>> for Write {
    fn from(Transaction { first, then }: Transaction<W>) -> Self {
        Self::Transaction(Box::new(Transaction { first: first.into(), then }))
    }
}

impl<W: TypedWrite> TypedWrite for Transaction<W> {
    type Outcome = W::Outcome;

    fn outcome(outcome: Outcome) -> Result<W::Outcome, Outcome> {
        W::outcome(outcome)
    }
}

#[cfg(test)]
mod tests {
    use wire::{Seq, Timestamp};

    use super::*;

    #[test]
    fn a_write_has_only_the_outcomes_of_its_area() {
        let stale = Outcome::Sessions(Checked::Stale);
        assert_eq!(SessionWrite::outcome(stale.clone()), Ok(Checked::Stale));
        // Of the same type, and yet that of another write.
        assert_eq!(AccountWrite::outcome(stale.clone()), Err(stale.clone()));
        assert_eq!(<Transaction<WithAudit<SessionWrite>>>::outcome(stale.clone()), Ok(Checked::Stale));
        assert_eq!(<Transaction<WithAudit<AccountWrite>>>::outcome(stale.clone()), Err(stale.clone()));
        assert_eq!(Write::outcome(stale.clone()), Ok(stale));
    }

    #[test]
    fn only_a_write_that_is_done_lets_others_follow() {
        let done = [
            Outcome::Users(Done),
            Outcome::Groups(Checked::Done),
            Outcome::Attempts(AttemptOutcome::Done),
            Outcome::CreateAccount(CreateAccountOutcome::Done),
        ];
        assert!(done.iter().all(Outcome::is_done));
        let other = [
            Outcome::Groups(Checked::Stale),
            Outcome::Attempts(AttemptOutcome::Exhausted { wait_ms: 1 }),
            Outcome::CreateAccount(CreateAccountOutcome::LoginTaken),
            Outcome::Log(LogOutcome::Posted { seq: Seq(1) }),
            Outcome::Log(LogOutcome::Repeated { seq: Seq(1), at: Timestamp(1) }),
        ];
        assert!(!other.iter().any(Outcome::is_done));
    }
}
