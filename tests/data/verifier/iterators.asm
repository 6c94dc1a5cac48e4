// What programs of the kernel's iterators have.

case iter_seq_file_where_it_may_sleep
section iter.s/task
kernel 6.18 accepts 9
like 6.18 6.1 6.12 7.3
    r1 = *(u64 *)(r1 + 0)
    r1 = *(u64 *)(r1 + 0)
    *(u64 *)(r10 - 8) = 10
    r2 = r10
    r2 += -8
    r3 = 8
    call seq_write
    r0 = 0
    exit

case iter_gets_an_option_of_a_tcp_socket
section iter/tcp
kernel 6.18 accepts 16
like 6.18 6.1 6.12 7.3
    r1 = *(u64 *)(r1 + 8)
    if r1 == 0 goto out
    call skc_to_tcp_sock
    if r0 == 0 goto out
    *(u64 *)(r10 - 8) = 0
    r1 = r0
    r2 = 6
    r3 = 13
    r4 = r10
    r4 += -8
    r5 = 8
    call getsockopt
  out:
    r0 = 0
    exit

case iter_sets_an_option_of_a_unix_socket
section iter/unix
kernel 6.18 accepts 12
like 6.18 6.1 6.12 7.3
    r1 = *(u64 *)(r1 + 8)
    if r1 == 0 goto out
    *(u64 *)(r10 - 8) = 0
    r2 = 1
    r3 = 7
    r4 = r10
    r4 += -8
    r5 = 4
    call setsockopt
  out:
    r0 = 0
    exit

case iter_sets_an_option_of_a_udp_socket
section iter/udp
kernel 6.18 refuses
like 6.18 6.12 7.3
kernel 6.1 refuses helper_unknown: unknown func bpf_setsockopt#49
    r1 = *(u64 *)(r1 + 8)
    if r1 == 0 goto out
    *(u64 *)(r10 - 8) = 0
    r2 = 1
    r3 = 7
    r4 = r10
    r4 += -8
    r5 = 4
    call setsockopt                         ;! helper_not_allowed: program of this type cannot use helper bpf_setsockopt#49
  out:
    r0 = 0
    exit

case iter_map_for_its_arena
section iter.s/bpf_map
kernel 6.18 accepts 10
like 6.18 6.12 7.3
    r1 = *(u64 *)(r1 + 8)
    if r1 == 0 goto out
    r2 = 0
    r3 = 1
    r4 = 0
    r5 = 0
    call bpf_arena_alloc_pages
  out:
    r0 = 0
    exit
