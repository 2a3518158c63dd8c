//! The rules of the application: application roles and password resets.

use wire::{AppRole, Expected, Refusal};

/// The owner sets the application role of an account: admin or member.
///
/// # Errors
/// [`Refusal::NotOwner`], and [`Refusal::FieldWrong`] if the role is neither, or the account is the owner's.
pub fn set_application_role(by: Option<AppRole>, of: AppRole, role: AppRole) -> Result<(), Refusal> {
    if by != Some(AppRole::Owner) {
        return Err(Refusal::NotOwner);
    }
    let fits = matches!(role, AppRole::Member | AppRole::Admin) && of != AppRole::Owner;
    if fits { Ok(()) } else { Err(Refusal::FieldWrong { field: "role".into(), wants: Expected::AppRole }) }
}

/// An application admin lets an account below them reset its password: never that of an equal.
///
/// # Errors
/// [`Refusal::NotAppAdmin`].
pub fn may_reset(by: Option<AppRole>, of: AppRole) -> Result<(), Refusal> {
    match by {
        Some(by) if by >= AppRole::Admin && of < by => Ok(()),
        _ => Err(Refusal::NotAppAdmin),
    }
}

/// Returns the role of a user who must be an application admin.
///
/// # Errors
/// [`Refusal::NotAppAdmin`].
pub fn needs_app_admin(by: Option<AppRole>) -> Result<AppRole, Refusal> {
    by.filter(|role| *role >= AppRole::Admin).ok_or(Refusal::NotAppAdmin)
}

#[cfg(test)]
mod tests {
    use super::*;
    use AppRole::{Admin, Guest, Member, Owner};

    #[test]
    fn only_the_owner_makes_admins_and_nobody_unmakes_the_owner() {
        assert_eq!(set_application_role(Some(Owner), Member, Admin), Ok(()));
        assert_eq!(set_application_role(Some(Owner), Admin, Member), Ok(()));
        for by in [None, Some(Member), Some(Admin)] {
            assert_eq!(set_application_role(by, Member, Admin), Err(Refusal::NotOwner), "{by:?}");
        }
        for (of, role) in [(Member, Owner), (Member, Guest), (Owner, Member)] {
            assert!(
                matches!(set_application_role(Some(Owner), of, role), Err(Refusal::FieldWrong { .. })),
                "{of:?} {role:?}"
            );
        }
    }

    #[test]
    fn nobody_sets_the_password_of_an_equal() {
        assert_eq!(may_reset(Some(Admin), Member), Ok(()));
        assert_eq!(may_reset(Some(Owner), Admin), Ok(()));
        for (by, of) in [(None, Member), (Some(Member), Member), (Some(Admin), Admin), (Some(Admin), Owner)] {
            assert_eq!(may_reset(by, of), Err(Refusal::NotAppAdmin), "{by:?} {of:?}");
        }
        assert_eq!(may_reset(Some(Owner), Owner), Err(Refusal::NotAppAdmin), "the operator does it");
    }
}
