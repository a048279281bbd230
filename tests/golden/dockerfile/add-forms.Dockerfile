FROM a
ADD a.tar.gz /
ADD --unpack=true --checksum=sha256:0000000000000000000000000000000000000000000000000000000000000000 https://example.com/x.tar /x
ADD --keep-git-dir --checksum=0123abcd https://example.com/r.git#v1:sub /r
ADD --unpack=false --keep-git-dir=false x.tar /y
ADD ["a b", "/c"]
