ARG T=1
FROM scratch
FROM a:$T AS One
FROM --platform=$BUILDPLATFORM reg.example:5000/x/y@sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa as two.b-c_d
FROM one
