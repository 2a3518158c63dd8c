//! The modes of the files.

use std::fs;
use std::path::Path;

use chat::Store;

use crate::data::{Data, say};

#[cfg(unix)]
#[tokio::test]
async fn nobody_else_on_the_machine_can_read_what_people_said() {
    use std::os::unix::fs::PermissionsExt;

    let modes = |path: &Path| {
        let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o7777;
        let mut modes = vec![(".".to_owned(), mode(path))];
        for file in fs::read_dir(path).unwrap() {
            let file = file.unwrap();
            modes.push((file.file_name().into_string().unwrap(), mode(&file.path())));
        }
        modes
    };
    let data = Data::new();
    let store = data.open();
    say(&store, 3).await;
    let while_served = modes(&data.path());
    assert_eq!(while_served.len(), 6, "{while_served:?}");
    assert!(
        while_served.iter().all(|(file, mode)| *mode == if file == "." { 0o700 } else { 0o600 }),
        "{while_served:?}"
    );
    let epoch = store.epoch();
    store.close().await.unwrap();

    // An older version, or an operator, has left them open.
    for (file, _) in modes(&data.path()) {
        let open = if file == "." { 0o755 } else { 0o644 };
        fs::set_permissions(data.path().join(file), fs::Permissions::from_mode(open)).unwrap();
    }
    drop(data.open());
    let made_private = modes(&data.path());
    assert!(
        made_private.iter().all(|(file, mode)| *mode == if file == "." { 0o700 } else { 0o600 }),
        "{made_private:?}"
    );
    let settled = data.open().epoch();
    assert_eq!(
        data.open().epoch(),
        settled,
        "and from then on it is no copy, whatever it was before: {epoch:?}"
    );
}
