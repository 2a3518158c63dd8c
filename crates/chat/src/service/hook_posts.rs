//! Messages of incoming webhooks: authentication by the URL, and the post of a Slack payload.

use bytes::Bytes;
use serde_json::Value;
use wire::{Conversation, Inline, Member, Person, Refusal, RichText, SendId, Topic, UserId};

use super::compose::{Composition, hash};
use super::parsing::takes_long;
use crate::auth::api_token::{ApiToken, TokenKind};
use crate::auth::caller::{Caller, Principal};
use crate::chat::{Ack, Chat};
use crate::ports::store::{Draft, FoundHook, Hook, HookPost, LogOutcome, LogWrite, Permission, PermissionTo};
use crate::service::error::Error;
use crate::text::slack::{self, SlackMessage};
use crate::text::{self, Named};

/// Posting by the URL of an incoming webhook.
impl Chat {
    /// Returns the caller that the token in the URL of an incoming webhook authenticates; none if it is unknown, was
    /// replaced, or its webhook, group or application is deleted.
    ///
    /// # Errors
    /// [`Error::Fault`].
    pub async fn authenticate_hook(&self, token: &str) -> Result<Option<Caller>, Error> {
        let token = ApiToken::parse(token).filter(|token| token.kind() == TokenKind::Hook);
        let Some(token) = token.map(|token| token.hash()) else { return Ok(None) };
        let Some(FoundHook { application, hook }) = self.store.hook(token).await? else { return Ok(None) };
        let principal = Principal::Hook(Box::new(hook));
        Ok(Some(Caller { application, principal, api_token: Some(token), ..Caller::default() }))
    }

    /// Posts the payload of an incoming webhook, JSON in Slack's format, to its group. Its bot is the author. Members who are
    /// named by `<@…>` are mentioned; nothing else in it notifies anybody by name. What is longer than a message may be is
    /// cut. The same id with the same text is the same message.
    ///
    /// # Errors
    /// [`Refusal::NotFound`] if the webhook no longer exists or has another token, [`Refusal::TooFast`],
    /// [`Refusal::JsonBad`], [`Refusal::JsonNotObject`], [`Refusal::TextEmpty`] if the payload has nothing to show,
    /// [`Refusal::Archived`], [`Refusal::SendIdTaken`].
    pub async fn post_by_hook(
        &self,
        caller: &Caller,
        payload: Bytes,
        id: Option<SendId>,
    ) -> Result<Ack, Error> {
        let (Principal::Hook(hook), Some(token)) = (&caller.principal, caller.api_token) else {
            return Err(Refusal::NotFound.into());
        };
        self.hook_rate.take(caller.key(hook.bot.id), self.monotonic.now())?;
        self.hook_group_rate.take(caller.log(Topic::group(hook.group)), self.monotonic.now())?;
        let (sent, SlackMessage { text, body, .. }) = self.read_payload(caller, hook, payload).await?;
        if !body.shows() {
            return Err(Refusal::TextEmpty.into());
        }
        let mut draft = self.hook_draft(hook, text, body, id);
        // Of what was sent: a member whom it names may be called something else at a retry.
        draft.body = hash(&draft.topic, sent.as_bytes());
        let (id, topic, at) = (draft.id.clone(), draft.topic.clone(), draft.at);
        let write = LogWrite::PostByHook(HookPost { draft, token });
        let (seq, timestamp, duplicate) = match self.commit(caller, write).await? {
            LogOutcome::Posted { seq } => (seq, at, false),
            LogOutcome::Repeated { seq, at } => (seq, at, true),
            LogOutcome::SendIdTaken => return Err(Refusal::SendIdTaken.into()),
            LogOutcome::Refused(refusal) => return Err(refusal.into()),
        };
        Ok(Ack { id, topic, seq, timestamp, duplicate })
    }

    /// Reads a payload; returns its text as it was sent, and the message. The members of the group are looked up only if it
    /// names users.
    async fn read_payload(
        &self,
        caller: &Caller,
        hook: &Hook,
        payload: Bytes,
    ) -> Result<(String, SlackMessage), Error> {
        let said = self.read_payload_among(payload.clone(), Vec::new()).await?;
        let sent = said.text.clone();
        if said.unknown.is_empty() {
            return Ok((sent, said));
        }
        let roster = self.reader(caller).roster(hook.group).await?;
        let members = roster.map(|roster| roster.members).unwrap_or_default();
        Ok((sent, self.read_payload_among(payload, members).await?))
    }

    /// As [`Chat::read_payload`], among these members.
    async fn read_payload_among(&self, payload: Bytes, members: Vec<Member>) -> Result<SlackMessage, Error> {
        let takes_long = takes_long(payload.len(), members.len());
        let read = move || parse(&payload, &members);
        Ok(if takes_long { self.readings.run(read).await?? } else { read()? })
    }

    fn hook_draft(&self, hook: &Hook, text: String, body: RichText, id: Option<SendId>) -> Draft {
        let conversation = Conversation::Group(hook.group);
        let to = PermissionTo::Manage;
        let right = Permission { conversation, user: hook.bot.id, to, now: self.monotonic.now() };
        let mentions = text::mentions(&body);
        let composition = Composition {
            text,
            body,
            mentions,
            reply_to: None,
            quote: None,
            restricted: None,
            attachments: Vec::new(),
            is_bot: true,
        };
        let id = id.unwrap_or_else(|| self.new_send_id());
        composition.draft(&hook.bot, right, id, self.clock.now()).0
    }
}

/// Parses a payload and formats it; members whom it names are mentioned.
fn parse(payload: &[u8], members: &[Member]) -> Result<SlackMessage, Refusal> {
    let payload: Value = slack::decode(payload).ok_or(Refusal::JsonBad)?;
    if payload.is_object() { Ok(slack::read(&payload, &users(members))) } else { Err(Refusal::JsonNotObject) }
}

/// Returns a function that finds a member by the id, or by the name as in a mention.
fn users(members: &[Member]) -> impl Fn(&str) -> Option<Inline> {
    let named = Named::new(members, false);
    move |name| {
        let with_id = name.parse().ok().and_then(|id: UserId| {
            members.iter().map(|member| &member.person).find(|person| person.id == id)
        });
        let mention = |person: &Person| Inline::Mention { id: person.id, name: person.name.to_string() };
        with_id.map(mention).or_else(|| named.whole(name.trim_start_matches('@')))
    }
}
