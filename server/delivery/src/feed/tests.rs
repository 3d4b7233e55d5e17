use super::*;

fn read(xml: &str) -> ::rss::Channel {
    xml.parse().unwrap_or_else(|e| panic!("{e}\n{xml}"))
}

#[test]
fn the_shape_is_the_one_that_readers_know() {
    let feed = FeedModel::sample();
    let xml = write_rss(&feed);
    let channel = read(&xml);
    assert!(xml.contains("xmlns:dc="), "{xml}");
    assert_eq!(channel.title(), "Meridian eSIM Status - Incident History");
    assert_eq!(channel.link(), "https://status.example.com");
    assert_eq!(channel.description(), "Statuspage");
    assert_eq!(channel.pub_date(), Some("Mon, 2 Mar 2026 13:50:00 +0000"));
    let item = &channel.items()[0];
    let link = "https://status.example.com/incidents/p31zjtct2jer";
    assert_eq!((item.link(), item.guid().unwrap().value()), (Some(link), link));
    assert!(item.guid().unwrap().is_permalink());
    assert_eq!(item.title(), Some("[Sev 2] France/eUICC download – about one in four downloads fails"));
    let html = item.description().unwrap();
    assert!(html.starts_with(
        "<p><small>Mar <var data-var='date'> 2</var>, <var data-var='time'>13:50</var> UTC</small><br>\
         <strong>Identified</strong> - What we know: About one in four"
    ));
    assert!(html.find("Identified") < html.find("Investigating"), "newest update first");
    assert!(html.contains("supplier &lt;node 2&gt;"), "typed markup stays text: {html}");
}

#[test]
fn no_character_makes_it_ill_formed() {
    let all: String = (0..=0x1_1000_u32).filter_map(char::from_u32).collect();
    for hostile in
        ["]]>", "<script>", "\u{8}\u{0}\u{1b}", "\u{fffe}\u{ffff}", "&amp;&#8;", "\u{202e}evil", &all]
    {
        let mut feed = FeedModel::sample();
        feed.page_name = hostile.into();
        feed.region = Some(hostile.into());
        feed.items[0].title = hostile.into();
        feed.items[0].updates[0].fields = vec![("What we know", hostile.into())];
        for xml in [write_rss(&feed), write_atom(&feed)] {
            assert!(xml.chars().all(
                |c| matches!(c, '\t' | '\n' | ' '..='\u{D7FF}' | '\u{E000}'..='\u{FFFD}' | '\u{10000}'..)
            ));
            assert!(!xml.contains('\u{202e}'));
        }
        let channel = read(&write_rss(&feed));
        assert_eq!(channel.items().len(), 1);
        if hostile == "]]>" {
            assert_eq!(channel.items()[0].title(), Some("]]>"));
        }
    }
}

#[test]
fn a_regions_feed_says_so_and_an_empty_one_is_valid() {
    let feed = FeedModel { region: Some("France".into()), items: Vec::new(), ..FeedModel::sample() };
    let channel = read(&write_rss(&feed));
    assert_eq!(channel.title(), "Meridian eSIM Status - Incident History - France");
    assert!(channel.items().is_empty());
}

#[test]
fn atom_says_the_same() {
    let xml = write_atom(&FeedModel::sample());
    for part in [
        "<id>tag:status.example.com,2005:/history</id>",
        "<id>tag:status.example.com,2005:Incident/p31zjtct2jer</id>",
        "<updated>2026-03-02T13:50:00Z</updated>",
        "<content type=\"html\">&lt;p&gt;&lt;small&gt;Mar &lt;var data-var=&#39;date&#39;&gt; 2&lt;/var&gt;",
    ] {
        assert!(xml.contains(part), "{part}\n{xml}");
    }
}

#[test]
fn a_feed_of_updates_has_one_entry_for_each_that_keeps_its_id_when_it_is_edited() {
    let mut feed =
        FeedModel { entries: Entries::Updates, path: "/updates.rss".into(), ..FeedModel::sample() };
    let before = read(&write_rss(&feed));
    assert_eq!(before.title(), "Meridian eSIM Status - Updates");
    assert_eq!(before.items().len(), feed.items[0].updates.len());
    let newest = &before.items()[0];
    assert!(newest.title().unwrap().ends_with("– Identified"), "{:?}", newest.title());
    let guid = newest.guid().unwrap();
    assert!(guid.value().starts_with("tag:status.example.com,2005:Update/") && !guid.is_permalink());
    feed.items[0].updates[0].edited_at = Some(crate::sample::SAMPLE_AT.plus(60_000));
    let after = read(&write_rss(&feed));
    assert_eq!(after.items()[0].guid(), Some(guid));
    assert_ne!(after.items()[0].pub_date(), newest.pub_date());
    let atom = write_atom(&feed);
    assert!(
        atom.contains("<id>tag:status.example.com,2005:/updates</id>") && atom.contains("2005:Update/"),
        "{atom}"
    );
}
