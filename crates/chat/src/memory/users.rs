//! Users in memory: guests, profiles, blocks and preferences.

use wire::Description;

use super::records::StoredProfile;
use super::state::ApplicationState;
use crate::ports::store::{Done, UserWrite};

/// Users.
impl ApplicationState {
    pub(super) fn write_user(&mut self, write: UserWrite) -> Done {
        match write {
            UserWrite::CreateGuest { person, session } => {
                self.people.insert(person.id, person.clone());
                self.guest_names.insert(person.name.as_str(), person.id);
                let told = StoredProfile { since: session.at, bio: Description::default(), picture: None };
                self.profiles.insert(person.id, told);
                self.newcomers.insert((session.at, person.id));
                self.begin(person.id, &session);
            }
            UserWrite::Remove { user, name, tokens_valid_from, at } => {
                self.end_user(user, tokens_valid_from);
                self.remove_user(user, &name, at);
            }
            UserWrite::SetBio { user, bio } => {
                if let Some(told) = self.profiles.get_mut(&user) {
                    told.bio = bio;
                }
            }
            UserWrite::SetAvatar { user, picture } => {
                if let Some(told) = self.profiles.get_mut(&user) {
                    told.picture = picture;
                }
            }
            UserWrite::Block { by, user, on } => {
                let blocks = self.blocks.entry(by).or_default();
                blocks.retain(|blocked| *blocked != user);
                if on {
                    blocks.push(user);
                }
            }
            UserWrite::SetPreferences { conversation, user, notify, hidden, news } => {
                if let Some(view) = self.view_mut(conversation, user) {
                    (view.notify, view.hidden) = (notify, hidden);
                    self.append(news);
                }
            }
            UserWrite::KeepRefusals { user, seq, refused } => {
                let kept = self.refusals.entry((user, seq)).or_default();
                for (number, refusal) in refused {
                    kept.entry(number).or_insert(refusal);
                }
            }
        }
        Done
    }
}
