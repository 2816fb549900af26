"""Ways to name what lies inside. `{port}` is a listener's on this machine."""

PRIVATE = [
    "127.0.0.1", "127.1.2.3", "127.255.255.254", "0.0.0.0", "0.1.2.3", "10.0.0.1", "10.255.255.255", "172.16.0.1", "172.31.255.255", "192.168.0.1", "192.168.255.255",
    "169.254.0.1", "169.254.169.254", "100.64.0.1", "100.100.100.200", "100.127.255.255", "168.63.129.16", "192.0.0.1", "192.0.0.192", "192.0.2.1", "192.88.99.1",
    "198.18.0.1", "198.51.100.1", "203.0.113.1", "224.0.0.1", "239.255.255.250", "240.0.0.1", "255.255.255.255",
    "::", "::1", "::127.0.0.1", "::ffff:127.0.0.1", "::ffff:10.0.0.1", "::ffff:169.254.169.254", "::ffff:0:127.0.0.1", "64:ff9b::127.0.0.1", "64:ff9b::169.254.169.254",
    "64:ff9b:1::10.0.0.1", "2002:7f00:1::", "2002:a9fe:a9fe::1", "2001:0:4136:e378:8000:63bf:3fff:fdd2", "2001:db8::1", "3fff::1", "100::1", "fc00::1",
    "fd00:ec2::254", "fe80::1", "fe80::1%lo", "fec0::1", "ff02::1", "5f00::1",
]  # fmt: skip
"""Answers of a name server for a name of YouTube's."""

AMBIGUOUS = "https://127.0.0.1:{port}\\@www.youtube.com/"
ADDRESSES = [
    # loopback, in every spelling
    "http://127.0.0.1:{port}/", "https://127.0.0.1:{port}/", "https://127.0.0.1/", "http://localhost:{port}/", "https://LocalHost.:{port}/", "http://127.1:{port}/",
    "http://127.0.1:{port}/", "http://2130706433:{port}/", "http://0x7f000001:{port}/", "http://0x7f.0.0.1:{port}/", "http://0177.0.0.1:{port}/", "http://017700000001:{port}/",
    "http://0:{port}/", "http://0.0.0.0:{port}/", "http://[::1]:{port}/", "https://[::]:{port}/", "https://[::ffff:127.0.0.1]:{port}/", "https://[::ffff:7f00:1]:{port}/",
    "https://[0:0:0:0:0:0:0:1]:{port}/", "https://[::1%25lo]:{port}/", "https://127\u30020\u30020\u30021:{port}/", "https://\u2460\u2461\u2466.\u24ea.\u24ea.\u2460:{port}/",
    "https://127.0.0.1.:{port}/",
    # the network around
    "https://10.0.0.1/", "https://172.16.0.1/", "https://192.168.1.1/", "https://169.254.169.254/latest/meta-data/", "https://100.64.0.1/", "https://[fd00:ec2::254]/",
    "https://[fe80::1]/", "https://[64:ff9b::7f00:1]/", "https://[2002:7f00:1::]/", "https://metadata.google.internal/", "https://224.0.0.1/",
    # names that look like YouTube's
    "https://www.youtube.com:{port}/", "https://www.youtube.com:80/", "https://www.youtube.com@127.0.0.1:{port}/", "https://www.youtube.com:443@127.0.0.1:{port}/",
    "https://127.0.0.1:{port}#@www.youtube.com/", "https://127.0.0.1:{port}?www.youtube.com/", AMBIGUOUS,
    "https://www.youtube.com.evil.test/", "https://www.youtube.com.127.0.0.1.nip.io/", "https://evilyoutube.com/", "https://youtube.com-evil.test/",
    "https://www.youtube.com%2eevil.test/", "https://www.youtube.com%00.evil.test/", "https://\uff59outube.com.evil.test/", "https://y\u043eutube.com/", "//127.0.0.1:{port}/",
    "///127.0.0.1:{port}/", "https:127.0.0.1:{port}/", "http://www.youtube.com/x", "https://google.com/", "https://mail.google.com/",
    # other schemes
    "file:///etc/passwd", "file://127.0.0.1/etc/passwd", "ftp://127.0.0.1:{port}/", "data:text/html,hello", "gopher://127.0.0.1:{port}/_x", "ws://127.0.0.1:{port}/",
    "javascript:alert(1)", "rtmp://127.0.0.1:{port}/", "unix:///run/docker.sock", "dict://127.0.0.1:{port}/x", "ldap://127.0.0.1:{port}/x", "jar:http://127.0.0.1:{port}/!/",
]  # fmt: skip
"""Addresses that lead elsewhere, as a redirect or in an answer."""
SMUGGLED = "#__youtubedl_smuggle=%7B%22force_videoid%22%3A+%22x%22%2C+%22http_headers%22%3A+%7B%22Host%22%3A+%22127.0.0.1%22%7D%7D"
SLIPPED = [
    "http://127.0.0.1:{port}/x.mp4", "http://127.0.0.1:{port}/watch?v=stVideo0001", "http://localhost:{port}/index.m3u8", "file:///etc/passwd", "data:audio/webm,x",
    "ftp://127.0.0.1:{port}/x.webm", "gopher://127.0.0.1:{port}/_x", "rtmp://127.0.0.1:{port}/x", "ytsearch:cats", "ytsearch5:cats", "ytsearchdate:cats", "ytsearchall:cats",
    "ytuser:standin", "ytfav", ":ythistory", ":ytsubs", "gvsearch5:cats", "scsearch:cats", "https://www.youtube.com/redirect?q=http://127.0.0.1:{port}", "https://vimeo.com/1",
    "http://127.0.0.1:{port}/" + SMUGGLED,
    "https://cdn.embedly.com/widgets/media.html?src=http%3A%2F%2F127.0.0.1%3A{port}%2F", "https://www.youtube.com:{port}/watch?v=stVideo0001",
    "https://www.youtube.com@127.0.0.1:{port}/watch?v=stVideo0001", "https://docs.google.com/get_video_info?docid=x",
]  # fmt: skip
"""What yt-dlp understands and nobody may hand to it; as if it had slipped past the parser of links."""
FRONTS = [
    "https://invidious.site/watch?v=stVideo0001", "https://yewtu.be/watch?v=stVideo0001", "https://piped.video/watch?v=stVideo0001", "https://vid.puffyan.us/watch?v=stVideo0001",
    "https://hyperpipe.surge.sh/watch?v=stVideo0001",
]  # fmt: skip
"""Other fronts of YouTube, which yt-dlp knows."""
PASTED = [
    *ADDRESSES, *SLIPPED,
    "https://www.youtube.com/redirect?q=http%3A%2F%2F127.0.0.1%3A{port}%2F", "https://www.google.com/url?q=http://127.0.0.1:{port}/", "https://www.google.com/url?q=file:///etc/passwd",
    "https://www.youtube.com/attribution_link?u=//127.0.0.1:{port}/watch%3Fv%3DstVideo0001", "https://www.youtube.com/oembed?url=http://127.0.0.1:{port}/watch?v=stVideo0001",
    "https://consent.youtube.com/m?continue=https://127.0.0.1:{port}/watch?v=stVideo0001", "-stVideo0001 --exec id", "--config-locations=/etc/passwd", "$(id)", "../../etc/passwd",
    "http://127.0.0.1:{port}/?u=https://www.youtube.com/watch?v=stVideo0001", "https://user:pass@127.0.0.1:{port}/watch?v=stVideo0001",
    "https://www.youtube.com\t@127.0.0.1:{port}/", "https://127.0.0.1:{port}/\nhttps://www.youtube.com/", "https://feeds.evil.test/feed.xml", "https://127.0.0.1:{port}/feed.xml",
]  # fmt: skip
"""What people, or programs, paste."""
REDUCED = [
    "https://www.youtube.com/watch?v=stVideo0001" + SMUGGLED, "https://www.youtube.com/watch?v=stVideo0001#http://127.0.0.1:{port}/", "HTTPS://WWW.YOUTUBE.COM/watch?v=stVideo0001",
    "http://www.youtube.com:443/watch?v=stVideo0001&next=http://127.0.0.1:{port}/", "https://youtu.be/stVideo0001?x=//127.0.0.1:{port}/",
    "https://www.youtube.com/watch?v=stVideo0001&proxy=http://127.0.0.1:{port}", "https://www.youtube.com/embed/stVideo0001?origin=http://127.0.0.1:{port}",
    "https://www.google.com/url?q=https://www.youtube.com/watch?v=stVideo0001%23http://127.0.0.1:{port}/",
]  # fmt: skip
"""Links of which only the id survives."""
