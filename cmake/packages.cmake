# Installation, and Debian packages of it: cpack -G DEB --config build/release/CPackConfig.cmake -B packages
# One component is one package; oci-conformance installs from its own folder and is in none.
include(GNUInstallDirs)

# oci_install(PROGRAM MAN_SECTION): a program with its manual pages and completions.
function(oci_install program section)
    install(TARGETS ${program} RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR} COMPONENT ${program})
    install(DIRECTORY docs/man/ DESTINATION ${CMAKE_INSTALL_MANDIR}/man${section} COMPONENT ${program}
        FILES_MATCHING PATTERN "${program}.${section}" PATTERN "${program}-*.${section}")
    install(FILES docs/completion/bash/${program} COMPONENT ${program}
        DESTINATION ${CMAKE_INSTALL_DATADIR}/bash-completion/completions)
    install(FILES docs/completion/zsh/_${program} COMPONENT ${program}
        DESTINATION ${CMAKE_INSTALL_DATADIR}/zsh/vendor-completions)
    install(FILES docs/completion/fish/${program}.fish COMPONENT ${program}
        DESTINATION ${CMAKE_INSTALL_DATADIR}/fish/vendor_completions.d)
    install(FILES LICENSE COMPONENT ${program} RENAME copyright DESTINATION ${CMAKE_INSTALL_DATADIR}/doc/${program})
    install(FILES CHANGELOG.md COMPONENT ${program} DESTINATION ${CMAKE_INSTALL_DATADIR}/doc/${program})
endfunction()
oci_install(ocirun 8)
oci_install(ocimg 1)

# Podman looks below /etc: a package has it there (debian/etc.cmake), an installation under its prefix.
install(FILES docs/engines/files/containers-ocirun.conf COMPONENT ocirun RENAME ocirun.conf
    DESTINATION ${CMAKE_INSTALL_SYSCONFDIR}/containers/containers.conf.d)
install(DIRECTORY docs/engines/files/ DESTINATION ${CMAKE_INSTALL_DATADIR}/doc/ocirun/examples COMPONENT ocirun)
install(DIRECTORY docs/engines DESTINATION ${CMAKE_INSTALL_DATADIR}/doc/ocirun COMPONENT ocirun PATTERN files EXCLUDE)
install(DIRECTORY docs/examples/ DESTINATION ${CMAKE_INSTALL_DATADIR}/doc/ocimg/examples COMPONENT ocimg)
install(PROGRAMS scripts/demo.sh DESTINATION ${CMAKE_INSTALL_DATADIR}/doc/ocimg/examples COMPONENT ocimg)
install(DIRECTORY docs/schema DESTINATION ${CMAKE_INSTALL_DATADIR}/ocimg COMPONENT ocimg)
install(FILES docs/build.md docs/build-file.md docs/names.md docs/registries.md COMPONENT ocimg
    DESTINATION ${CMAKE_INSTALL_DATADIR}/doc/ocimg)

set(CPACK_GENERATOR DEB)
set(CPACK_COMPONENTS_ALL ocirun ocimg)
set(CPACK_PACKAGE_NAME ocirun)
set(CPACK_PACKAGE_VENDOR "the ocirun project")
set(CPACK_PACKAGE_CONTACT "ocirun maintainers <maintainers@ocirun.invalid>")
set(CPACK_PACKAGE_VERSION ${PROJECT_VERSION})
set(CPACK_STRIP_FILES ON)
set(CPACK_PACKAGING_INSTALL_PREFIX /usr)
set(CPACK_PRE_BUILD_SCRIPTS ${PROJECT_SOURCE_DIR}/cmake/debian/etc.cmake)
set(CPACK_DEB_COMPONENT_INSTALL ON)
set(CPACK_DEBIAN_PACKAGE_SECTION admin)
set(CPACK_DEBIAN_PACKAGE_CONTROL_STRICT_PERMISSION ON)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)

set(CPACK_DEBIAN_OCIRUN_PACKAGE_NAME ocirun)
set(CPACK_DEBIAN_OCIRUN_DESCRIPTION "OCI container runtime with the command line of runc
It runs containers from OCI bundles: below Docker, containerd, Podman, Buildah
and CRI-O in the place of runc or crun, or by hand. One static program.")
set(CPACK_DEBIAN_OCIRUN_PACKAGE_RECOMMENDS "uidmap")
set(CPACK_DEBIAN_OCIRUN_PACKAGE_SUGGESTS "criu, docker.io, containerd, podman")
set(CPACK_DEBIAN_OCIRUN_PACKAGE_CONTROL_EXTRA ${PROJECT_SOURCE_DIR}/cmake/debian/conffiles)

set(CPACK_DEBIAN_OCIMG_PACKAGE_NAME ocimg)
set(CPACK_DEBIAN_OCIMG_DESCRIPTION "OCI image tool without a daemon
It makes, builds, copies and changes OCI images in layouts that every other tool
reads, pulls and pushes them, and unpacks them into bundles for a runtime.")
set(CPACK_DEBIAN_OCIMG_PACKAGE_SHLIBDEPS ON)
# Loaded at the first request to a registry, so that dpkg-shlibdeps does not see it.
set(CPACK_DEBIAN_OCIMG_PACKAGE_DEPENDS "libcurl4")
set(CPACK_DEBIAN_OCIMG_PACKAGE_RECOMMENDS "ocirun | runc | crun, ca-certificates")
include(CPack)
