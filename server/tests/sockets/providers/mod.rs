//! Signing in by a provider of OpenID Connect, with a provider on this machine.

mod accounts;
mod browser;
mod flow;
mod keys;
mod provider;
mod tokens;

use chat::Provider;
use server::ServerHandle;

use self::provider::FakeProvider;
use crate::people::with;

/// Starts a server whose provider `office` is this one.
async fn server_with(provider: &FakeProvider, set: impl FnOnce(&mut Provider)) -> ServerHandle {
    let mut settings = provider.settings("office");
    set(&mut settings);
    with(|config| config.providers = vec![settings]).await
}
