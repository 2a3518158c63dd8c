//! Retention: logs are trimmed to their bounds, in slices, behind the writes of people.

use serde_json::{Value, json};
use wire::{ApplicationId, Expected, Json, Refusal, Seq, Timestamp, Topic};

use super::files::quota;
use super::permissions::needs_application;
use crate::auth::caller::Caller;
use crate::chat::Chat;
use crate::ports::store::{
    Application, ApplicationUsage, Checked, FileConfig, FileQuota, FileUsage, JobKind, JobWrite, LogUsage,
    NewJob, Retention, SetRetention, TRIM_ENTRIES, Trim, Trimmed,
};
use crate::rules;
use crate::service::error::{Error, Fault};
use crate::service::limits::Limits;

/// The most slices that one turn of a job trims: other jobs have theirs in between.
const SLICES_A_TURN: usize = 20;
/// The number of logs, and of applications, that are read at once.
const AT_ONCE: usize = 100;

/// Trimming logs.
impl Chat {
    /// Trims all logs of all applications to their bounds; returns the number of trimmed entries.
    ///
    /// # Errors
    /// [`Error::Fault`].
    pub async fn apply_retention(&self) -> Result<u64, Error> {
        let (mut trimmed, mut after) = (0, ApplicationId::SERVER);
        loop {
            let part = self.store.applications(after, AT_ONCE).await?;
            let Some(last) = part.last() else { return Ok(trimmed) };
            after = last.id;
            for application in part.iter().filter(|application| application.is_alive()) {
                trimmed += self.trim_logs(application).await?;
            }
        }
    }

    async fn trim_logs(&self, application: &Application) -> Result<u64, Error> {
        let reader = self.store.reader(application.id);
        // A clock that is set to next year while the server runs trims nothing.
        let now = self.session_clock.now();
        let (mut trimmed, mut after) = (0, None);
        loop {
            let part = reader.logs(after.as_ref(), AT_ONCE).await?;
            let Some(last) = part.last() else { return Ok(trimmed) };
            after = Some(last.topic.clone());
            for log in part {
                let (id, config) = (application.id, &application.config.retention);
                let retention = rules::retention_of(id, &log, config, &self.limits.retention);
                match self.trim_to(id, log, &retention, now).await {
                    Ok(count) => trimmed += count,
                    // The fault is in the log; the other logs are trimmed all the same.
                    Err(Error::Fault(_)) => {}
                    Err(error) => return Err(error),
                }
            }
        }
    }

    /// Trims a log to its bounds.
    async fn trim_to(
        &self,
        application: ApplicationId,
        mut log: LogUsage,
        retention: &Retention,
        now: Timestamp,
    ) -> Result<u64, Error> {
        let reader = self.store.reader(application);
        let mut trimmed = 0;
        while rules::needs_trim(retention, &log, now) {
            let oldest = reader.oldest(&log.topic, TRIM_ENTRIES as usize).await?;
            let Some(before) = rules::trim_before(retention, &log, &oldest, now) else { break };
            let begins = self.trim_slice(application, &log.topic, before).await?;
            if begins <= log.begins {
                break;
            }
            trimmed += begins.0 - log.begins.0;
            let Some(now_is) = reader.log_usage(&log.topic).await? else { break };
            log = now_is;
        }
        Ok(trimmed)
    }

    /// Trims one slice of a log; returns its oldest Seq after that.
    async fn trim_slice(&self, application: ApplicationId, topic: &Topic, before: Seq) -> Result<Seq, Error> {
        let trim = Trim { topic: topic.clone(), before };
        let Trimmed { begins } = self.commit_in_background(application, trim).await?;
        Ok(begins)
    }

    /// Trims a log up to a Seq, as a job asks for, as far as one turn goes; returns true if it is done.
    pub(crate) async fn trim_log(&self, application: ApplicationId, arguments: &Json) -> Result<bool, Error> {
        let Some((topic, before)) = parse(arguments) else {
            return Err(Fault::new("retention", "the arguments of a trim are damaged").into());
        };
        let mut begins = Seq::ZERO;
        for _ in 0..SLICES_A_TURN {
            let now = self.trim_slice(application, &topic, before).await?;
            if now >= before || now <= begins {
                return Ok(true);
            }
            begins = now;
        }
        Ok(false)
    }

    /// Returns the size of a topic's log, and the bounds that apply to it.
    ///
    /// # Errors
    /// Those of [`Chat::history`], and [`Refusal::NotFound`] if the log has had no entry.
    pub async fn topic_usage(&self, caller: &Caller, topic: &Topic) -> Result<(LogUsage, Retention), Error> {
        self.may_read(caller, topic).await?;
        let log = self.reader(caller).log_usage(topic).await?.ok_or(Refusal::NotFound)?;
        let application = self.application_by_id(caller.application).await?.ok_or(Refusal::NotFound)?;
        let config = &application.config.retention;
        let retention = rules::retention_of(application.id, &log, config, &self.limits.retention);
        Ok((log, retention))
    }

    /// Sets the bounds of a topic's log; with none, those of the application apply.
    ///
    /// # Errors
    /// [`Refusal::NotApplication`], [`Refusal::NotFound`] if the log has had no entry, and [`Refusal::FieldWrong`] for a
    /// bound of 0.
    pub async fn set_retention(
        &self,
        caller: &Caller,
        topic: &Topic,
        retention: Option<Retention>,
    ) -> Result<(), Error> {
        self.may_read(caller, topic).await?;
        needs_application(caller)?;
        if retention.is_some_and(|bounds| !bounds.has_room()) {
            let wants = Expected::Retention;
            return Err(Refusal::FieldWrong { field: "retention".into(), wants }.into());
        }
        let write = SetRetention { topic: topic.clone(), retention };
        match self.commit(caller, write).await? {
            Checked::Done => Ok(()),
            Checked::Stale => Err(Refusal::NotFound.into()),
        }
    }

    /// Returns the volume of the caller's application, and its limits.
    ///
    /// # Errors
    /// [`Refusal::NotApplication`].
    pub async fn usage(&self, caller: &Caller) -> Result<(ApplicationUsage, Limits), Error> {
        needs_application(caller)?;
        Ok((self.reader(caller).usage().await?, self.limits))
    }

    /// Returns the size of the files of the caller's application, and the limits that apply to them.
    ///
    /// # Errors
    /// [`Refusal::NotApplication`].
    pub async fn file_usage(&self, caller: &Caller) -> Result<(FileUsage, FileConfig), Error> {
        let config = self.application_of(caller).await?.config;
        let FileQuota { user, application } = quota::quota(&self.limits.files, &config);
        let limits = FileConfig {
            file_bytes: Some(quota::file_bytes(&self.limits.files, &config)),
            user_bytes: Some(user),
            application_bytes: Some(application),
        };
        Ok((self.reader(caller).file_usage(None).await?, limits))
    }

    /// Removes all entries that a topic's log has now, by a job; returns the number of the last of them. The log goes
    /// on after it.
    ///
    /// # Errors
    /// [`Refusal::NotApplication`], and those of [`Chat::topic_usage`].
    pub async fn clear_topic(&self, caller: &Caller, topic: &Topic) -> Result<Seq, Error> {
        self.may_read(caller, topic).await?;
        needs_application(caller)?;
        let (log, _) = self.topic_usage(caller, topic).await?;
        let job = NewJob {
            application: caller.application,
            kind: JobKind::Trim,
            lane: format!("trim/{topic}"),
            key: None,
            arguments: Json::of(&json!({ "topic": topic.as_str(), "before": log.head.next().0 })),
            run_at: self.monotonic.now(),
        };
        self.commit_in(ApplicationId::SERVER, JobWrite::Add(vec![job])).await?;
        Ok(log.head)
    }
}

fn parse(arguments: &Json) -> Option<(Topic, Seq)> {
    let fields: Value = serde_json::from_str(arguments.as_str()).ok()?;
    Some((Topic::new(fields["topic"].as_str()?).ok()?, Seq(fields["before"].as_u64()?)))
}
