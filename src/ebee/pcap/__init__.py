"""pcap's filter expressions: from `tcp port 80` to a classic BPF program; packets in files of tcpdump."""
