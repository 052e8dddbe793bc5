//! Servers that send too much, too slowly, too little or nonsense.

use career_worker::fetch::NetworkFault;

use super::*;

fn politeness(max_bytes: u64, timeout: Duration) -> Politeness {
    Politeness { max_bytes, timeout, ..Politeness::API }
}

async fn limited(server: &Server, max_bytes: u64, timeout_ms: u64) -> Result<Response, FetchError> {
    let politeness = politeness(max_bytes, Duration::from_millis(timeout_ms));
    send_with(&fetch(server), &Request::json("https://a.example/"), politeness, Validators::default()).await
}

/// Most memory this process ever used, in KiB.
fn peak() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    status.lines().find_map(|line| line.strip_prefix("VmHWM:")?.trim().strip_suffix(" kB")?.parse().ok())
}

#[tokio::test]
async fn a_bomb_is_cut_at_the_cap() {
    for (coding, bomb, longest) in
        [("gzip", bomb::gzip(), 7 << 20), ("br", bomb::brotli(), 2000), ("zstd", bomb::zstd(), 40_000)]
    {
        assert!(bomb.len() < longest, "{coding}: {} bytes", bomb.len());
        let server = Server::start(move |_| ok(&format!("content-encoding: {coding}"), &bomb)).await;
        let (before, start) = (peak(), Instant::now());
        let error = limited(&server, 10 << 20, 10_000).await.unwrap_err();
        assert!(matches!(error, FetchError::TooLarge { limit: 10_485_760, .. }), "{coding}: {error}");
        assert!(!error.is_retryable() && server.seen().len() == 1, "{coding}");
        println!("{coding}: cut after {:?}, peak {before:?} -> {:?} KiB", start.elapsed(), peak());
        if let (Some(before), Some(after)) = (before, peak()) {
            assert!(after.saturating_sub(before) < 200 << 10, "{coding}: {before} -> {after} KiB");
        }
    }
}

#[tokio::test]
async fn compressed_bodies_under_the_cap_are_decoded() {
    // "career" in each coding: a stored block, an uncompressed meta-block, a raw block.
    let gzip = [
        &[0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255, 1, 6, 0, 0xf9, 0xff][..],
        b"career",
        &[0x84, 0x6c, 0x5b, 0xb2, 6, 0, 0, 0],
    ]
    .concat();
    let brotli = [&[0x50, 0, 0x10][..], b"career", &[3]].concat();
    let zstd = [&[0x28, 0xb5, 0x2f, 0xfd, 0x20, 6, 0x31, 0, 0][..], b"career"].concat();
    for (coding, bytes) in [("gzip", gzip), ("br", brotli), ("zstd", zstd)] {
        let server = Server::start(move |_| ok(&format!("content-encoding: {coding}"), &bytes)).await;
        let answer = limited(&server, 100, 5000).await.unwrap();
        assert_eq!(&answer.body[..], b"career", "{coding}");
        assert!(matches!(limited(&server, 5, 5000).await, Err(FetchError::TooLarge { .. })), "{coding}");
    }
}

#[tokio::test]
async fn an_announced_length_over_the_cap_is_not_read() {
    let server = Server::start(|_| {
        Reply::raw("HTTP/1.1 200 OK\r\ncontent-length: 300000000\r\n\r\n", &vec![b'x'; 1 << 16])
    })
    .await;
    let start = Instant::now();
    let error = limited(&server, 1 << 20, 5000).await.unwrap_err();
    assert!(
        matches!(error, FetchError::TooLarge { .. }) && start.elapsed() < Duration::from_secs(2),
        "{error}"
    );
}

#[tokio::test]
async fn a_body_of_exactly_the_cap_is_read_and_one_byte_more_is_not() {
    for chunked in [false, true] {
        let server = Server::start(move |_| {
            let body = vec![b'x'; 1000];
            if chunked {
                let head =
                    "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\nconnection: close\r\n\r\n3e8\r\n";
                Reply::raw(head, &[&body[..], b"\r\n0\r\n\r\n"].concat())
            } else {
                ok("", &body)
            }
        })
        .await;
        assert_eq!(limited(&server, 1000, 5000).await.unwrap().body.len(), 1000);
        assert!(matches!(limited(&server, 999, 5000).await, Err(FetchError::TooLarge { .. })));
    }
}

#[tokio::test]
async fn an_endless_body_without_length_is_cut_at_the_cap() {
    let server = Server::start(|_| {
        Reply::Endless(b"HTTP/1.1 200 OK\r\n\r\n".to_vec(), vec![b'x'; 1 << 16], Duration::ZERO)
    })
    .await;
    assert!(matches!(limited(&server, 5 << 20, 10_000).await, Err(FetchError::TooLarge { .. })));
}

#[tokio::test]
async fn a_drip_ends_at_the_total_timeout() {
    for head in ["HTTP/1.1 200 OK\r\ncontent-length: 100000\r\n\r\n", "HTTP/1.1 200 OK\r\nx-a: "] {
        let server =
            Server::start(move |_| Reply::Endless(head.into(), b"z".to_vec(), Duration::from_millis(50)))
                .await;
        let mut config = config(Some(&server.url));
        config.tries = 1;
        let start = Instant::now();
        let politeness = politeness(1 << 20, Duration::from_millis(600));
        let request = Request::json("https://a.example/");
        let error =
            send_with(&fetch_with(&config), &request, politeness, Validators::default()).await.unwrap_err();
        assert!(matches!(error, FetchError::Timeout { .. }) && error.is_retryable(), "{error}");
        let took = start.elapsed();
        assert!(took >= Duration::from_millis(590) && took < Duration::from_secs(2), "{took:?}");
    }
}

#[tokio::test]
async fn the_timeout_counts_all_redirects_together() {
    let server = Server::start(|seen| {
        let next = seen.path.len();
        let head = format!(
            "HTTP/1.1 302 X\r\nlocation: /{}\r\nconnection: close\r\ncontent-length: 0\r\nx-a: ",
            "x".repeat(next)
        );
        Reply::Endless(head.into_bytes(), b"y\r\n\r\n".to_vec(), Duration::from_millis(250))
    })
    .await;
    let mut config = config(Some(&server.url));
    config.tries = 1;
    let start = Instant::now();
    let request = Request::json("https://a.example/");
    let politeness = politeness(1 << 20, Duration::from_millis(700));
    let error =
        send_with(&fetch_with(&config), &request, politeness, Validators::default()).await.unwrap_err();
    assert!(matches!(error, FetchError::Timeout { .. }), "{error}");
    assert!(start.elapsed() < Duration::from_millis(1500), "{:?}", start.elapsed());
    assert!(server.seen().len() > 1);
}

#[tokio::test]
async fn endless_headers_are_cut() {
    for again in [
        "x-filler: aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\r\n",
        "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
    ] {
        let again = again.repeat(500);
        let server = Server::start(move |_| {
            Reply::Endless(
                b"HTTP/1.1 200 OK\r\nx-first: ".to_vec(),
                again.clone().into_bytes(),
                Duration::ZERO,
            )
        })
        .await;
        let start = Instant::now();
        let error = limited(&server, 1 << 20, 5000).await.unwrap_err();
        assert!(matches!(error, FetchError::Network { fault: NetworkFault::Head, .. }), "{error}");
        assert!(start.elapsed() < Duration::from_secs(3));
    }
}

#[tokio::test]
async fn broken_answers_are_network_errors_and_tried_again() {
    use NetworkFault::{Body, Head, Reset};
    let gzip: &[u8] = &[0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255, 0xff, 0xff, 0xff];
    let cases = [
        (Reply::raw("HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n", b"short"), Body),
        (Reply::raw("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\nshort\r\n", b""), Body),
        (Reply::raw("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nxyz\r\n", b""), Body),
        (ok("content-encoding: gzip", b"not gzip at all"), Body),
        (ok("content-encoding: gzip", gzip), Body),
        (ok("content-encoding: br", b"\xff\xff\xff\xff"), Body),
        (ok("content-encoding: zstd", b"plain text"), Body),
        (ok("content-encoding: br", &bomb::brotli()[..3]), Body),
        (ok("content-encoding: zstd", &bomb::zstd()[..6]), Body),
        (Reply::raw("HTTP/1.1 200 OK\r\ncontent-length: 5\r\ncontent-length: 6\r\n\r\n", b"abcde"), Head),
        (Reply::raw("HTTP/1.1 200 OK\r\ncontent-length: -5\r\n\r\n", b"abcde"), Head),
        (Reply::raw("\x00\x01\x02\x03 garbage\r\n\r\n", b""), Head),
        (Reply::raw("HTTP/1.1 200 OK\r\nx-a", b""), Reset),
        (Reply::raw("", b""), Reset),
        (Reply::Reset(Vec::new()), Reset),
        (Reply::Reset(b"HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nabc".to_vec()), Body),
    ];
    for (reply, expected) in cases {
        let shown = format!("{reply:?}");
        let server = Server::start(move |_| reply.clone()).await;
        let error = limited(&server, 10 << 20, 5000).await.unwrap_err();
        let FetchError::Network { fault, .. } = &error else { panic!("{shown}: {error}") };
        assert_eq!(*fault, expected, "{shown}: {error}");
        assert!(error.is_retryable() && !error.to_string().contains('\n'), "{error}");
        assert_eq!(server.seen().len(), 3, "{shown}");
    }
}

#[tokio::test]
async fn a_gateway_that_is_not_there_is_a_network_error() {
    let free = tokio::net::TcpListener::bind(("127.0.0.1", 0)).await.unwrap().local_addr().unwrap();
    let error =
        get(&fetch_with(&config(Some(&format!("http://{free}")))), "https://a.example/").await.unwrap_err();
    assert!(matches!(error, FetchError::Network { fault: NetworkFault::Connect, .. }), "{error}");
}

#[tokio::test]
async fn a_server_without_tls_is_named_as_such() {
    let listener = tokio::net::TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let gateway = format!("https://{}", listener.local_addr().unwrap());
    let plain = tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let _ =
                tokio::io::AsyncWriteExt::write_all(&mut stream, b"HTTP/1.1 400 Bad Request\r\n\r\n").await;
            let _ = tokio::io::copy(&mut stream, &mut tokio::io::sink()).await;
        }
    });
    let error = get(&fetch_with(&config(Some(&gateway))), "https://a.example/").await.unwrap_err();
    plain.abort();
    assert!(matches!(error, FetchError::Network { fault: NetworkFault::Tls, .. }), "{error:?}");
}

/// Heads made of the pieces that matter, bytes of chance between them: always an answer or an error, never a panic or a hang.
#[tokio::test]
async fn any_bytes_for_an_answer_give_an_answer_or_an_error() {
    let random = Random::seeded(20);
    let pieces: [&[u8]; 16] = [
        b"HTTP/1.1 200 OK\r\n",
        b"HTTP/1.1 301 Moved\r\n",
        b"HTTP/1.1 429 Slow\r\n",
        b"content-length: 3\r\n",
        b"content-length: 99999999999999999999\r\n",
        b"content-encoding: gzip\r\n",
        b"content-encoding: zstd, br\r\n",
        b"transfer-encoding: chunked\r\n",
        b"location: ",
        b"location: //\xff\xfe\r\n",
        b"retry-after: 99999999999\r\n",
        b"etag: \xc3\xa4\x7f\r\n",
        b"content-type: \x01\r\n",
        b"\r\n",
        b"\r\n\r\n",
        b"3\r\nabc\r\n0\r\n\r\n",
    ];
    let answers: Vec<Vec<u8>> = (0..400)
        .map(|_| {
            let mut bytes = if random.below(10) == 0 { Vec::new() } else { pieces[0].to_vec() };
            for _ in 0..random.below(8) {
                if random.below(4) == 0 {
                    let noise = random.bytes::<24>();
                    bytes.extend(&noise[..usize::try_from(random.below(24)).unwrap()]);
                } else {
                    bytes.extend(pieces[usize::try_from(random.below(16)).unwrap()]);
                }
            }
            bytes
        })
        .collect();
    let copy = answers.clone();
    let server = Server::start(move |seen| {
        let index: usize = seen.path.rsplit('/').next().unwrap().parse().unwrap_or(0);
        Reply::Bytes(copy[index].clone())
    })
    .await;
    let mut config = config(Some(&server.url));
    config.tries = 1;
    let fetch = fetch_with(&config);
    let mut worked = 0;
    for (index, sent) in answers.iter().enumerate() {
        let request = Request::json(format!("https://h{index}.example.h{index}/{index}"));
        let politeness = politeness(1 << 20, Duration::from_secs(5));
        match send_with(&fetch, &request, politeness, Validators::default()).await {
            Ok(_) => worked += 1,
            Err(FetchError::Timeout { .. }) => panic!("{:?}", String::from_utf8_lossy(sent)),
            Err(error) => assert!(!error.to_string().contains('\n'), "{error}"),
        }
    }
    assert!(worked > 10 && worked < 390, "{worked} of 400 could be read");
}
