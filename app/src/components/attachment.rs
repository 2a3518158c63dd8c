//! Attachments of a message: pictures, audio and video in place, and other files as rows.

use leptos::prelude::*;
use wire::Attachment;

use crate::i18n::use_texts;

/// The largest width and height of a picture that is alone, and of one among several, in pixels.
const ALONE: (u32, u32) = (384, 320);
const AMONG: (u32, u32) = (184, 160);

/// Renders the files of a message. Each picture has its box before it is loaded, so that nothing moves.
#[component]
pub(crate) fn Attachments(files: Vec<Attachment>) -> impl IntoView {
    let pictures = files.iter().filter(|file| file.is_picture()).count();
    let most = if pictures > 1 { AMONG } else { ALONE };
    let files: Vec<AnyView> = files.into_iter().map(|file| attachment(file, most)).collect();
    (!files.is_empty()).then(|| view! { <ul class="attachment">{files}</ul> })
}

fn attachment(file: Attachment, most: (u32, u32)) -> AnyView {
    let path = format!("/files/{}", file.id);
    if let (Some(width), Some(height)) = (file.width, file.height) {
        let (width, height) = fit((width, height), most);
        let thumbnail = format!("{path}/thumbnail");
        // A link needs a name, and a file's is better than none.
        let alt = if file.alt.is_empty() { file.name.clone() } else { file.alt };
        return view! {
            <li>
                <a class="attachment-picture" href=path target="_blank" title=file.name>
                    <img src=thumbnail alt=alt width=width.to_string() height=height.to_string() loading="lazy" decoding="async"/>
                </a>
            </li>
        }
        .into_any();
    }
    let label = if file.alt.is_empty() { file.name.clone() } else { file.alt.clone() };
    let player = match file.media_type.split('/').next() {
        Some("audio") => {
            view! { <audio controls preload="metadata" src=path.clone() aria-label=label></audio> }.into_any()
        }
        Some("video") => {
            view! { <video controls preload="metadata" playsinline src=path.clone() aria-label=label></video> }
                .into_any()
        }
        _ => ().into_any(),
    };
    let size = use_texts().file_size(file.bytes);
    let described = (!file.alt.is_empty()).then(|| view! { <p class="hint" dir="auto">{file.alt}</p> });
    view! {
        <li>
            {player}
            <a class="attachment-file" href=path download="">
                <svg aria-hidden="true"><use href="/icons.svg#file"></use></svg>
                <bdi class="name">{file.name}</bdi>
                <span class="hint">{size}</span>
            </a>
            {described}
        </li>
    }
    .into_any()
}

/// Returns the sides of a picture that is made to fit, with its proportions; a small one keeps its size.
fn fit((width, height): (u32, u32), (most_width, most_height): (u32, u32)) -> (u32, u32) {
    let (wide, high) = (u64::from(width.max(1)), u64::from(height.max(1)));
    let scaled = |side: u64, by: u64, of: u64| u32::try_from((side * by / of).max(1)).unwrap_or(most_width);
    if width <= most_width && height <= most_height {
        (width, height)
    } else if wide * u64::from(most_height) > high * u64::from(most_width) {
        (most_width, scaled(high, most_width.into(), wide))
    } else {
        (scaled(wide, most_height.into(), high), most_height)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_picture_fits_its_box_and_keeps_its_proportions() {
        assert_eq!(fit((100, 50), ALONE), (100, 50), "a small one keeps its size");
        assert_eq!(fit((3_840, 1_920), ALONE), (384, 192));
        assert_eq!(fit((1_000, 4_000), ALONE), (80, 320));
        assert_eq!(fit((384, 321), ALONE), (382, 320));
        assert_eq!(fit((40_000_000, 1), ALONE), (384, 1), "no side is nothing");
        assert_eq!(fit((u32::MAX, u32::MAX), AMONG), (160, 160));
    }
}
